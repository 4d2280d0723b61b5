"""Commands that begin a study: new-study."""

from typing import get_args

import click

from omtrace.cli.command import command
from omtrace.cli.exit_codes import ExitCode, of_severities
from omtrace.intake.drafting.tables import Design, Request


@command("new-study", "clinic ~/Desktop/export.csv ~/Desktop/visits.xlsx")
@click.argument("name", metavar="NAME")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--design", type=click.Choice(get_args(Design)), help="By default as the files show it.")
@click.option("--unit", metavar="COLUMN", default="", help="Column that names the participant or animal.")
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
def new_study(name: str, files: list[str], design: str | None, wide: str, **columns: str) -> ExitCode:
    """Write the plan of a new study from its files, take them in, and show what is wrong with them.

    Readers, units, visits, arms, codes and known questionnaires are recognised; data dictionaries of REDCap, and labels
    of SPSS, Stata and SAS files are read. The plan runs at once; what only a person can say is marked in it. The files
    are copied to data/raw/NAME/ and registered. The exit code is that of the worst finding.
    """
    from omtrace.intake.drafting.command import run

    ends = tuple(filter(None, (word.strip() for word in wide.split(","))))
    return of_severities(run(name, files, Request(design=design or "", wide=ends, **columns)))
