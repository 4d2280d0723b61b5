"""Commands that read results: trace, changes, verify."""

from dataclasses import asdict

import click

from omtrace.cli.command import command, complete_study, json_option, print_json
from omtrace.cli.exit_codes import ExitCode
from omtrace.provenance import COVERS, COVERS_NOT

ROWS = 20


@command("trace", "results/omt_rct/report.html#e76be4204d0b --unit R017")
@click.argument("result", metavar="RESULT[#ID]|RAW[:LINE[:COLUMN]]")
@click.option(
    "--unit", metavar="UNIT", default="", help="Only this participant or animal; of a study, what rests on it."
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(0),
    default=ROWS,
    show_default=True,
    help="Rows shown of each table; 0 shows all.",
)
@click.option("--recompute", is_flag=True, help="Compute the numbers again, each from the raw cells that it lists.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, with all rows.")
def trace(result: str, unit: str, limit: int, recompute: bool, as_json: bool) -> ExitCode:
    """Show where a number comes from, down to the raw cells.

    RESULT is a study or a file below results/<study>/; ID is the number's id, of which the first characters suffice. A
    result without an id lists its numbers and how it was made; an id alone is looked for in all studies.

    The other way, RESULT is a raw file, a line or a cell of it (data/raw/omt_rct/diary.csv:17:migraine; of a plate a
    well in place of the column), or a study with --unit: all numbers that rest on it, used or left out, with the tables
    and figures that show them.

    A summary comes first: value, analysis, records used and left out, state of the raw files. Below it are the analysis
    call, the records, the units left out with the reason, and the raw cells by file and line. The exit code is 1 if a
    raw file or a stored result is not as it was when the number was made. The output holds raw values and is
    confidential.

    With --recompute, the number (of a result without an id: each) is computed again from the cells that it lists and
    nothing else; the exit code is 1 if one does not come out.
    """
    from omtrace.audit.trace import trace as traced

    if recompute:
        return _recomputed(result, as_json)
    way, is_sound = traced(result, unit=unit)
    if as_json:
        print_json(way if isinstance(way, dict) else asdict(way))
    else:
        from omtrace.audit.layout import trace_text

        print(trace_text(way, limit))
    return ExitCode.FINE if is_sound else ExitCode.FAILED


def _recomputed(result: str, as_json: bool) -> ExitCode:
    """Compute one number, or all of a result, again, and say which did not come out."""
    from omtrace.audit.address import name_of, resolve
    from omtrace.audit.recompute import recompute
    from omtrace.intake.plan_check import read_whole
    from omtrace.model.folders import folders_of

    address, number = resolve(result)
    numbers = [number] if number else address.numbers
    found = recompute(read_whole(folders_of().plan(address.study)), numbers)
    others = [one for one in found if not one.is_same]
    if as_json:
        print_json({"study": address.study, "numbers": [{**asdict(one), "is_same": one.is_same} for one in found]})
        return ExitCode.FAILED if others else ExitCode.FINE
    names = {number.id: name_of(number) for number in numbers}
    for one in others if not number else found:
        print(f"{one.id}  {names[one.id]}: stored {one.stored or 'none'}, again {one.again or one.why or 'none'}")
    print(
        f"{address.study}: {len(found) - len(others)} of {len(found)} numbers come out again from the cells they list"
    )
    return ExitCode.FAILED if others else ExitCode.FINE


@command("changes", "rat_two_hit --all")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option("--all", "every", is_flag=True, help="Show every number, new ones included.")
@json_option
def changes(study: str, every: bool, as_json: bool) -> ExitCode:
    """Show which numbers the last run changed, with old value, new value and cause.

    The causes come first, by number: keys of the plan with both values, files, code. Of the numbers, those of primary
    analyses come first. A number that is not listed has the same value, records and definition as before.
    """
    if as_json:
        from omtrace.provenance.changes import compared

        changed, unchanged = compared(study)
        print_json({"study": study, "unchanged": unchanged, "changes": [asdict(change) for change in changed]})
    else:
        from omtrace.audit.changes_table import print_changes

        print_changes(study, every)
    return ExitCode.FINE


@command(
    "verify",
    "omt_rct --head DIGEST",
    help=f"""\
Compare the ledger, the results and all they are made of with what was recorded.

Without STUDY, all studies that have results are verified. The head digest covers {COVERS}; not {COVERS_NOT}.

The ledger is always read. Each of its lines holds the digest of the line before, so that the digest of one line vouches
for all lines up to it. What a run ran on is in the ledger; --environment compares the installed packages with it.
Differences in hardware are mentioned, not counted. The exit code is 1 if there are differences.
""",
)
@click.argument("studies", metavar="[STUDY]...", nargs=-1, shell_complete=complete_study)
@click.option("--head", metavar="DIGEST", default="", help="The head digest that was kept elsewhere.")
@click.option("--ledger", metavar="DIGEST", default="", help="The digest of a ledger line that was kept elsewhere.")
@click.option("--environment", is_flag=True, help="Check the installed packages as well (about half a minute).")
@json_option
def verify(studies: list[str], head: str, ledger: str, environment: bool, as_json: bool) -> ExitCode:
    """Compare the ledger, the results and all they are made of with what was recorded."""
    from omtrace.audit import verify as module

    names, verdict = module.verdict_on(studies, head, ledger, environment)
    if as_json:
        print_json({"studies": names, "is_sound": not verdict.differences, **asdict(verdict)})
    else:
        module.print_verdict(names, verdict)
    return ExitCode.FAILED if verdict.differences else ExitCode.FINE
