"""Commands that take data in: check, register, add-batch, diff, queries."""

from dataclasses import asdict

import click

from omtrace.cli.command import command, complete_study, json_option, print_json
from omtrace.cli.exit_codes import ExitCode, of_severities
from omtrace.faults import Fault


@command("check", "--study rat_two_hit --batch 4 ~/Desktop/plate_4.txt ~/Desktop/layout_4.csv")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--study",
    metavar="NAME",
    shell_complete=complete_study,
    help="The study; by default the one in whose raw folder the files lie.",
)
@click.option("--table", metavar="NAME", help="The table; by default the one whose columns the file has.")
@click.option("--batch", metavar="NAME", help="Assay or delivery batch.")
@click.option("--replaces", metavar="FILE", help="The registered file that it is to replace.")
@click.option("--all", "every", is_flag=True, help="Show every cell of every rule.")
@json_option
def check(
    files: list[str],
    study: str | None,
    table: str | None,
    batch: str | None,
    replaces: str | None,
    every: bool,
    as_json: bool,
) -> ExitCode:
    """Show everything that is wrong with files, before they are registered.

    Findings are listed by file and rule, the worst first, with line, column, value, what was expected and how to fix
    it. Nothing is written. The output holds raw values and is confidential. The exit code is that of the worst finding;
    a file that cannot be checked counts as the worst.
    """
    from omtrace.intake import checking

    request = checking.Request(study or "", table or "", batch or "", replaces or "")
    outcome, unchecked = checking.check(files, request)
    findings, elsewhere, rules = outcome.findings, outcome.elsewhere, outcome.rules
    if as_json:
        texts = {rule: {"meaning": text.meaning, "fix": text.fix} for rule, text in rules.items()}
        here, there = ([{**asdict(f), **texts[f.rule]} for f in part] for part in (findings, elsewhere))
        plates = [asdict(verdict) for verdict in outcome.verdicts]
        content = {"findings": here, "elsewhere": there, "plates": plates, "without_rows": outcome.emptied}
        print_json({**content, "not_checked": unchecked})
    else:
        checking.print_findings(outcome, len(files) - len(unchecked), every)
        checking.print_unchecked(unchecked, len(files))
    severities = [finding.severity for finding in [*findings, *elsewhere]]
    severities += ["quarantine" for verdict in outcome.verdicts if not verdict.usable]
    return ExitCode.FAILED if unchecked else of_severities(severities)


@command("register", "--replaces data/raw/omt_rct/diary.csv data/raw/omt_rct/diary_2.csv --reason 'corrected export'")
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option("--study", metavar="NAME", shell_complete=complete_study, help="By default the file's folder.")
@click.option("--export", metavar="NAME", help="The export's name; by default the file's name, cleaned.")
@click.option("--table", metavar="NAME", help="The table; by default that of files with a similar name.")
@click.option("--batch", metavar="NAME", help="Assay or delivery batch.")
@click.option("--received", metavar="DATE", default="", help="Such as 2024-05-31; by default today.")
@click.option("--origin", type=click.Choice(["received", "shipped", "retrieved"]), help="By default received.")
@click.option("--address", metavar="URL", default="", help="Where the file was published.")
@click.option("--citation", metavar="TEXT", default="", help="How the data are cited.")
@click.option("--licence", metavar="TEXT", default="", help="The licence of the data.")
@click.option("--replaces", metavar="OLD", help="FILE is a new version of this file; both are kept.")
@click.option("--withdraw", metavar="OLD", help="Stop reading this registered file; it stays in the archive.")
@click.option("--reason", metavar="TEXT", default="", help="Why it is replaced or withdrawn; kept in the ledger.")
def register(
    files: list[str], replaces: str | None, withdraw: str | None, reason: str, **details: str | None
) -> ExitCode:
    """Enter raw exports, which lie in data/raw/<study>/, in the register, config/exports.csv.

    Each file gets a row with its sha256 and a number that is never given again, and the ledger gets a line. Either all
    files are registered or none.
    """
    if withdraw is not None:
        from omtrace.intake.withdrawal import withdraw_and_print

        if files or replaces:
            raise Fault("--withdraw: takes its own file alone, and a reason")
        withdraw_and_print(withdraw, reason)
        return ExitCode.FINE
    if not files:
        raise click.UsageError("name at least one FILE, or a file to --withdraw")
    from omtrace.intake.registration import Request, register_and_print

    texts = {name: text or "" for name, text in details.items()}
    register_and_print(files, Request(replaces=replaces or "", reason=reason, **texts))
    return ExitCode.FINE


@command("add-batch", "--study rat_two_hit --batch 4 ~/Desktop/batch_4")
@click.argument("folder", metavar="FOLDER")
@click.option(
    "--study",
    metavar="NAME",
    shell_complete=complete_study,
    help="The study; by default the one whose tables fit all files.",
)
@click.option("--batch", metavar="NAME", help="By default the number at the end of the folder's name.")
@click.option("--accept", is_flag=True, help="Take it in although rows or plates of it are left out, or warned of.")
def add_batch(folder: str, study: str | None, batch: str | None, accept: bool) -> ExitCode:
    """Check the files of a batch, copy and register them, and say which earlier numbers can change.

    FOLDER holds the files of one batch and may lie anywhere. Each plate is judged as a run would judge it. Nothing is
    written if a run would then stop, use no plate of the batch, or leave out one of the files or rows of earlier
    files; nor, without --accept, if it would leave out rows or plates or warn. The exit code is that of the worst
    finding.
    """
    from omtrace.intake.batches import add_batch as add

    return of_severities([add(folder, study or "", batch or "", accept=accept)])


@command("undo-batch", "4 --study rat_two_hit --reason 'layout of another plate'")
@click.argument("batch", metavar="BATCH")
@click.option("--study", metavar="NAME", required=True, shell_complete=complete_study, help="The study.")
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in the ledger.")
def undo_batch(batch: str, study: str, reason: str) -> ExitCode:
    """Withdraw all files of a batch, so that it can be added again.

    The files and their rows of the register stay in the archive; no run reads them any more.
    """
    from omtrace.intake.batches import undo_batch as undo

    undo(batch, study, reason)
    return ExitCode.FINE


@command("diff", "data/raw/omt_rct/diary.csv ~/Desktop/diary_new.csv")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
def diff(old: str, new: str) -> ExitCode:
    """Show what differs between two versions of an export, cell by cell.

    OLD is a registered file; NEW need not be registered. Rows are matched by their keys, not by their lines. The output
    holds raw values and is confidential. The exit code is 1 if the versions differ.
    """
    from omtrace.audit.differences import report

    return ExitCode.FINE if report(old, new) else ExitCode.FAILED


@command("queries", "rat_two_hit --answers returned.xlsx")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option("--answers", metavar="FILE", help="The returned list, CSV or XLSX.")
@json_option
def queries(study: str, answers: str | None, as_json: bool) -> ExitCode:
    """Write the list of open queries to the site or the laboratory, or take its answers in.

    Each finding of the last run that stops, quarantines or warns is a query, with an id that stays the same from run to
    run. The lists hold raw values and are confidential; this output holds counts only.
    """
    from omtrace.intake import queries as module

    listing = module.queries(study, answers or "")
    if as_json:
        paths = module.paths_of(listing, study)
        print_json({"study": study, "queries": listing.counts, "new": listing.new, "files": paths})
    else:
        module.print_listing(listing, study)
    return ExitCode.FINE
