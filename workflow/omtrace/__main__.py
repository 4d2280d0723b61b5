"""The commands: ``python -m omtrace check | register | trace | verify | ...``, from the repository's folder.

Exit codes: 0 fine, 1 differences or faults, 2 a wrong command line, 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omtrace.faults import Fault, plain_line
from omtrace.provenance import COVERS, COVERS_NOT


def register(told: argparse.Namespace) -> bool:
    """Take raw exports into the register."""
    if told.withdraw:
        from omtrace.intake.withdrawal import withdraw_and_print

        if told.files or told.replaces:
            raise Fault("--withdraw: takes its own file alone, and a reason")
        return withdraw_and_print(told.withdraw, told.reason)
    if not told.files:
        told.wrong("the following arguments are required: FILE")
    from omtrace.intake.registration import Request, register_and_print

    return register_and_print(told.files, Request(**{name: getattr(told, name) for name in Request.__annotations__}))


def diff(told: argparse.Namespace) -> bool:
    """Show what differs between two versions of an export, cell by cell."""
    from omtrace.audit.differences import report

    return report(told.old, told.new)


def queries(told: argparse.Namespace) -> bool:
    """Make the query list of a study, and take in answers."""
    from omtrace.intake.queries import report

    return report(told.study, told.answers)


def trace(told: argparse.Namespace) -> bool:
    """Show the way back of a number, or the numbers of a result."""
    from omtrace.audit.trace import report

    return report(told.result, told.json)


def verify(told: argparse.Namespace) -> bool:
    """Compare the files with the manifests."""
    from omtrace.audit.verify import report

    return report(told.studies, told.head, told.ledger, told.environment)


def check(told: argparse.Namespace) -> bool:
    """Show the findings that files would give, before anything is registered."""
    from omtrace.intake.checking import Request, report

    return report(told.files, Request(**{name: getattr(told, name) for name in Request.__annotations__}))


def add_batch(told: argparse.Namespace) -> bool:
    """Check, copy and register what a lab drops in."""
    from omtrace.intake.batches import add_batch as added

    return added(told.folder, told.study, told.batch, accept=told.accept)


def undo_batch(told: argparse.Namespace) -> bool:
    """Withdraw the files of a batch."""
    from omtrace.intake.batches import undo_batch as undone

    return undone(told.batch, told.study, told.reason)


def changes(told: argparse.Namespace) -> bool:
    """Show which earlier numbers the last run changed, and why."""
    from omtrace.provenance.changes import report

    return report(told.study, told.all)


def dictionary(told: argparse.Namespace) -> bool:
    """Write the data dictionary of a study, or of everything that is declared."""
    from omtrace.report.dictionary import dictionary as written

    print("\n".join(path.as_posix() for path in written(told.study, told.folder)))
    return True


def rules(told: argparse.Namespace) -> bool:
    """Print the error catalogue as Markdown."""
    from omtrace.report.rules_page import catalogue_page

    print(catalogue_page(), end="")
    return True


def plan(told: argparse.Namespace) -> bool:
    """Check a study's plan, or print the reference of the plan as Markdown or as JSON Schema."""
    if told.study:
        from omtrace.intake.plan_check import report

        return report(told.study)
    from omtrace.report.plan_page import plan_page, plan_schema

    print(plan_schema() if told.schema else plan_page(), end="")
    return True


def schema(told: argparse.Namespace) -> bool:
    """Print the JSON Schema of the configuration or of a plan, for editors."""
    if told.of == "config":
        from omtrace.model.config import config_schema as printed
    else:
        from omtrace.report.plan_page import plan_schema as printed

    print(printed(), end="")
    return True


def simulate(told: argparse.Namespace) -> bool:
    """Make the simulated exports, or compare those in the folder with new ones; other files are of no concern."""
    import tempfile

    from omtrace.simulate import simulate as simulated

    of = {"of_batches": told.batches} if told.batches else {}
    if not told.check:
        print(f"{len(simulated(told.folder, **of))} simulated files written to {told.folder}")
        return True
    with tempfile.TemporaryDirectory() as made:
        files = [(path, Path(told.folder, path.relative_to(made))) for path in simulated(made, **of)]
        wrong = [there for new, there in files if not there.is_file() or there.read_bytes() != new.read_bytes()]
    for there in wrong:
        print(f"{'changed' if there.is_file() else 'missing'}  {there.as_posix()}")
    print(f"{len(files)} simulated files, {len(wrong)} not as simulated")
    return not wrong


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m omtrace", description="Commands of omtrace, beside snakemake.")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    _check_options(commands.add_parser("check", help="the findings that files would give, before they are registered"))
    _register_options(commands.add_parser("register", help="take raw exports into the register, config/exports.csv"))
    _batch_options(commands)
    _intake_options(commands)
    _result_options(commands)
    return top


def _batch_options(commands: Any) -> None:
    one = commands.add_parser("add-batch", help="check a folder of new files, take them in, and say what would change")
    one.add_argument("folder", metavar="FOLDER", help="the files of one batch, wherever they lie")
    one.add_argument("--study", help="default: the study whose tables fit all files")
    one.add_argument("--batch", help="default: the number at the end of the folder's name")
    one.add_argument("--accept", action="store_true", help="take it in though rows or plates of it are left out")
    one.set_defaults(run=add_batch)

    one = commands.add_parser("undo-batch", help="take the files of a batch out of what is read; they stay in custody")
    one.add_argument("batch", metavar="BATCH")
    one.add_argument("--study", required=True)
    one.add_argument("--reason", help="why; the ledger keeps it")
    one.set_defaults(run=undo_batch)

    one = commands.add_parser("changes", help="which earlier numbers the last run changed, and why")
    one.add_argument("study", metavar="STUDY")
    one.add_argument("--all", action="store_true", help="every number, those that are new as well")
    one.set_defaults(run=changes)


def _intake_options(commands: Any) -> None:
    one = commands.add_parser("diff", help="what differs between two versions of an export, with values (confidential)")
    one.add_argument("old", metavar="OLD", help="a registered file")
    one.add_argument("new", metavar="NEW", help="another version of it; it need not be registered yet")
    one.set_defaults(run=diff)

    one = commands.add_parser("queries", help="the query list for the site or the lab, from the last findings")
    one.add_argument("study", metavar="STUDY")
    one.add_argument("--answers", metavar="FILE", help="the returned list, CSV or XLSX")
    one.set_defaults(run=queries)

    one = commands.add_parser("dictionary", help="the data dictionary as a page, CSV and Table Schema")
    one.add_argument("study", nargs="?", metavar="STUDY", help="default: everything that is declared")
    one.add_argument("--folder", default="dictionary", metavar="FOLDER", help="default: dictionary")
    one.set_defaults(run=dictionary)

    one = commands.add_parser("plan", help="check a plan; or every key of a plan, and every module it may name")
    one.add_argument("study", nargs="?", metavar="STUDY", help="default: print the reference, as Markdown")
    one.add_argument("--schema", action="store_true", help="the reference as JSON Schema, for editors")
    one.set_defaults(run=plan)

    one = commands.add_parser("schema", help="config/config.yaml or a plan as JSON Schema, for editors")
    one.add_argument("of", choices=("config", "plan"), help="which of them")
    one.set_defaults(run=schema)

    one = commands.add_parser("rules", help="the error catalogue as Markdown")
    one.set_defaults(run=rules)


def _result_options(commands: Any) -> None:
    one = commands.add_parser("trace", help="from a number back to its raw cells")
    one.add_argument("result", metavar="RESULT[#ID]", help="a study, a file below results/<study>/, or #ID alone")
    one.add_argument("--json", action="store_true", help="the same as JSON")
    one.set_defaults(run=trace)

    covered = f"The head digest covers {COVERS}; not {COVERS_NOT}."
    text = (
        f"{covered} The ledger is always read: each line holds the digest of the one before, so that the digest of a "
        "line vouches for all lines up to it. What a run ran on stands in the ledger; --environment holds the "
        "installed packages against it, and hardware is only told. Exit code 1: there are differences."
    )
    summary = "compare ledger, results and all they are made of with what was recorded"
    one = commands.add_parser("verify", help=summary, epilog=text)
    one.add_argument("studies", nargs="*", metavar="STUDY", help="default: all that have results")
    one.add_argument("--head", default="", metavar="DIGEST", help="the head digest that was kept outside")
    one.add_argument("--ledger", default="", metavar="DIGEST", help="the ledger line's digest that was kept outside")
    one.add_argument("--environment", action="store_true", help="the installed packages as well (about half a minute)")
    one.set_defaults(run=verify)

    one = commands.add_parser("simulate", help="make the simulated exports")
    one.add_argument("folder", nargs="?", default="data/raw", metavar="FOLDER", help="default: data/raw")
    one.add_argument("--check", action="store_true", help="write nothing; compare with the files there")
    one.add_argument(
        "--batches", type=_count, default=0, metavar="N", help="instead: a rodent study of N assay batches"
    )
    one.set_defaults(run=simulate)


def _count(text: str) -> int:
    """A whole number from 1, for the command line."""
    if not text.isdecimal() or not 0 < int(text) < 100_000:
        raise argparse.ArgumentTypeError("a whole number from 1 to 99999")
    return int(text)


def _check_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("files", nargs="+", metavar="FILE", help="a file, wherever it lies")
    one.add_argument("--study", help="default: the study in whose raw folder the file lies")
    one.add_argument("--table", metavar="NAME", help="default: the table whose columns the file has")
    one.add_argument("--batch", help="assay or delivery batch")
    one.add_argument("--replaces", metavar="FILE", help="the registered file that it is to replace")
    one.add_argument("--all", action="store_true", help="every cell of every rule")
    one.set_defaults(run=check)


def _register_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("files", nargs="*", metavar="FILE", help="a file in data/raw/<study>/")
    one.add_argument("--study", help="default: the file's folder")
    one.add_argument("--export", metavar="NAME", help="default: the file's name, cleaned")
    one.add_argument("--table", metavar="NAME", help="default: the table of files of like name")
    one.add_argument("--batch", help="assay or delivery batch")
    one.add_argument("--received", default="", metavar="DATE", help="such as 2024-05-31; default: today")
    one.add_argument("--origin", default="", choices=("received", "shipped", "retrieved"), help="default: received")
    one.add_argument("--address", default="", help="where it was published")
    one.add_argument("--citation", default="")
    one.add_argument("--licence", default="")
    one.add_argument("--replaces", metavar="OLD", help="FILE is a new version of this file; both are kept")
    one.add_argument("--withdraw", metavar="OLD", help="this registered file is read no longer; it is kept")
    one.add_argument("--reason", default="", metavar="TEXT", help="why it is replaced or withdrawn; kept in the ledger")
    one.set_defaults(run=register, wrong=one.error)


def _print_no_more() -> None:
    """What is still to be printed goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; faults are told on stderr, one line each."""
    top = parser()
    told = top.parse_args(arguments)
    if "run" not in told:
        top.print_help()
        return 0
    from omtrace.model.names import refuse_names

    try:
        refuse_names(vars(told))
        for name, value in vars(told).items():
            setattr(told, name, "" if value is None else value)
        done = told.run(told)
        sys.stdout.flush()
        return 0 if done else 1
    except Fault as fault:
        lines = fault.lines
    except BrokenPipeError:  # such as `| head`: nobody reads on
        _print_no_more()
        return 1
    except KeyboardInterrupt:
        print("omtrace: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        lines = (plain_line(error),)
        try:
            sys.stdout.flush()
        except OSError:  # stdout itself is full: Python would try again at its end
            _print_no_more()
    for line in "\n".join(lines).splitlines():
        print(f"omtrace: {line}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in every job; to start more takes longer than a trace
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())
