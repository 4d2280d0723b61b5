"""Commands that begin a study and take it out: new-study, remove-study."""

from typing import get_args

import click

from omtrace.cli.command import command, complete_study
from omtrace.cli.exit_codes import ExitCode, of_severities
from omtrace.intake.drafting.draft import Design, Request


@command("new-study", "clinic ~/Desktop/export.csv ~/Desktop/visits.xlsx")
@click.argument("name", metavar="NAME")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--design", type=click.Choice(get_args(Design)), help="By default as the files show it.")
@click.option(
    "--unit",
    metavar="COLUMN",
    default="",
    help="Column that names the participant or animal; several: site,id.",
)
@click.option("--visit", metavar="COLUMN", default="", help="Column that names the visit.")
@click.option("--arm", metavar="COLUMN", default="", help="Column with the groups that are compared.")
@click.option("--reference", metavar="TEXT", default="", help="The group that others are compared with.")
@click.option("--outcome", metavar="COLUMN", default="", help="Column of the primary outcome.")
@click.option(
    "--wide",
    metavar="ENDS",
    default="",
    help="How the columns of visits side by side end, in time order: _t0,_t1; * is the rest: t0_*,t1_*.",
)
@click.option(
    "--harmless",
    metavar="COLUMN=REASON",
    multiple=True,
    help="Column that looks like a direct identifier of people, and why it identifies nobody.",
)
def new_study(
    name: str, files: list[str], design: str | None, wide: str, harmless: list[str], **columns: str
) -> ExitCode:
    """Write the plan of a new study from its files, take them in, and show what is wrong with them.

    Readers, units, visits, arms, codes and known questionnaires are recognised; data dictionaries of REDCap, and labels
    of SPSS, Stata and SAS files are read. The plan runs at once; what only a person can say is marked in it. The files
    are copied to data/raw/NAME/ and registered. Where that cannot be done, nothing is written; remove-study undoes it.
    The exit code is that of the worst finding.
    """
    from omtrace.intake.drafting.command import run

    ends = tuple(filter(None, (word.strip() for word in wide.split(","))))
    reasons = {column: reason for column, mark, reason in (text.partition("=") for text in harmless) if reason.strip()}
    if len(reasons) < len(harmless):
        raise click.UsageError("--harmless: say which column, and why it identifies nobody: COLUMN=REASON")
    request = Request(design=design or "", wide=ends, harmless=reasons, **columns)
    return of_severities(run(name, files, request))


@command("remove-study", "clinic --reason 'set up with the wrong export' --results")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in the ledger.")
@click.option("--results", is_flag=True, help="Delete its results, logs and earlier numbers as well.")
@click.option("--raw", "raw_files", is_flag=True, help="Delete its raw files, and its queries, as well.")
def remove_study(study: str, reason: str, results: bool, raw_files: bool) -> ExitCode:
    """Take a study out: what new-study did, undone.

    The configuration and the register name it no longer, and its plan gets the ending .removed, so that the name is
    free. The ledger keeps its rows of the register. Raw files and results stay, unless they are asked for.
    """
    from omtrace.intake.removal import remove_and_print

    remove_and_print(study, reason, results, raw_files)
    return ExitCode.FINE
