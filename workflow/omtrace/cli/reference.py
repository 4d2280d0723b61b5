"""Commands for plans, schemas and reference pages, and for the simulated studies."""

import tempfile
from pathlib import Path

import click

from omtrace.cli.command import FreeCommand, command, complete_study, json_option, print_json
from omtrace.cli.exit_codes import ExitCode
from omtrace.faults import Fault


@command("plan", "omt_rct", FreeCommand)
@click.argument("study", metavar="[STUDY]", required=False, shell_complete=complete_study)
@click.option("--schema", is_flag=True, help="Print the reference as JSON Schema, for editors.")
@click.option("--changes", is_flag=True, help="Which numbers can change since the last run, before anything is run.")
@click.option("--all", "every", is_flag=True, help="With --changes: list every number.")
@json_option
def plan(study: str | None, schema: bool, changes: bool, every: bool, as_json: bool) -> ExitCode:
    """Check a study's plan, or print the reference of plans.

    All problems are reported together, with file, line and key. Without STUDY, the reference is printed as Markdown:
    every key of a plan and every module it may name. With --changes, each key that differs from the plan of the last
    run is listed, with the numbers that it can touch; no other number can change by it.
    """
    if changes:
        from omtrace.audit import plan_changes
        from omtrace.intake.plan_check import read_whole
        from omtrace.model.folders import folders_of

        if not study:
            raise click.UsageError("--changes is about a study: omtrace plan STUDY --changes")
        effect = plan_changes.plan_changes(read_whole(folders_of().plan(study)))
        if as_json:
            print_json({"study": study, "keys": [vars(key) for key in effect.keys], "numbers": effect.numbers})
        else:
            print("\n".join(plan_changes.lines_of(effect, every)))
        return ExitCode.FINE
    if study:
        from omtrace.intake.plan_check import checked_plan, counts_of, not_computable, print_counts

        content = checked_plan(study)
        counts, refusals = counts_of(content), not_computable(content)
        if as_json:
            print_json({"study": study, "counts": counts, "will_not_be_computed": refusals})
        else:
            print_counts(study, counts, refusals)
        return ExitCode.FINE
    from omtrace.report.plan_page import plan_page, plan_schema

    print(plan_schema() if schema or as_json else plan_page(), end="")
    return ExitCode.FINE


@command("power", "omt_rct --per-group 60 --per-group 80")
@click.argument("study", metavar="STUDY", shell_complete=complete_study)
@click.option("--analysis", metavar="NAME", help="Only this one; by default all that the plan has assumptions of.")
@click.option(
    "--per-group", "sizes", metavar="N", type=click.IntRange(2), multiple=True, help="Units enrolled in each group."
)
@click.option("--replicates", metavar="N", type=click.IntRange(100), default=1000, show_default=True, help="Trials.")
@click.option("--seed", metavar="N", type=click.IntRange(0), default=1, show_default=True, help="Of chance.")
@json_option
def power(study: str, analysis: str | None, sizes: list[int], replicates: int, seed: int, as_json: bool) -> ExitCode:
    """Simulate the power of a plan's analyses, under the assumptions that the plan states for them.

    Under planning:, the plan says of an analysis what is assumed: effect, SD, correlation, shares, rates or events, and
    drop-out. Data are drawn accordingly, and the analysis is made of them by its own method and options, as a run would
    make it, but of everybody enrolled. A trial finds the effect where the p value of the contrast is below alpha or,
    with a margin, where the interval shows what is to be shown. The interval of the power is the exact one (95%) of the
    simulation's own error. The same seed gives the same result on every machine.
    """
    from dataclasses import asdict

    from omtrace.analyses._power import lines_of, powers
    from omtrace.intake.plan_check import read_whole
    from omtrace.model.folders import folders_of

    plan = read_whole(folders_of().plan(study))
    if not plan.planning:
        raise Fault(f"plan of {study}: planning: says nothing; docs/designs.md shows how")
    names = [analysis] if analysis else list(plan.planning)
    simulated = {name: powers(plan, name, sizes, replicates, seed) for name in names}
    if as_json:
        analyses = {name: [asdict(size) for size in powers_of_sizes] for name, powers_of_sizes in simulated.items()}
        print_json({"study": study, "seed": seed, "analyses": analyses})
        return ExitCode.FINE
    for name, powers_of_sizes in simulated.items():
        for line in lines_of(plan, name, powers_of_sizes):
            print(line, flush=True)
    return ExitCode.FINE


@command("schema", "plan", FreeCommand)
@click.argument("of", metavar="config|plan", type=click.Choice(["config", "plan"]))
def schema(of: str) -> ExitCode:
    """Print the JSON Schema of config/config.yaml or of a plan, for editors."""
    if of == "config":
        from omtrace.model.config import config_schema as schema_text
    else:
        from omtrace.report.plan_page import plan_schema as schema_text

    print(schema_text(), end="")
    return ExitCode.FINE


@command("rules", "> rules.md", FreeCommand)
def rules() -> ExitCode:
    """Print the catalogue of rules as Markdown: what each means, how severe it is and how to fix it."""
    from omtrace.report.rules_page import catalogue_page

    print(catalogue_page(), end="")
    return ExitCode.FINE


@command("dictionary", "omt_rct --folder ~/Desktop/dictionary", FreeCommand)
@click.argument("study", metavar="[STUDY]", required=False, shell_complete=complete_study)
@click.option("--folder", metavar="FOLDER", default="dictionary", show_default=True, help="Where to write it.")
def dictionary(study: str | None, folder: str) -> ExitCode:
    """Write the data dictionary as a page, as CSV and as Table Schema.

    Without STUDY, it covers every table and questionnaire that is declared.
    """
    from omtrace.report.dictionary import dictionary as write

    print("\n".join(path.as_posix() for path in write(study or "", folder)))
    return ExitCode.FINE


@command("simulate", "--check", FreeCommand)
@click.argument("folder", metavar="FOLDER", default="data/raw")
@click.option("--check", is_flag=True, help="Write nothing; compare with the files there.")
@click.option(
    "--batches", metavar="N", type=click.IntRange(1, 99_999), help="Write a rodent study of N assay batches instead."
)
def simulate(folder: str, check: bool, batches: int | None) -> ExitCode:
    """Write the exports of the simulated studies, the same bytes on every machine.

    By default they are written to data/raw. With --check the exit code is 1 if a file differs from the simulation.
    """
    from omtrace.simulate import simulate as write

    size = {"of_batches": batches} if batches else {}
    if not check:
        print(f"{len(write(folder, **size))} simulated files written to {folder}")
        return ExitCode.FINE
    with tempfile.TemporaryDirectory() as temporary:
        files = [(path, Path(folder, path.relative_to(temporary))) for path in write(temporary, **size)]
        differing = [here for new, here in files if not here.is_file() or here.read_bytes() != new.read_bytes()]
    for path in differing:
        print(f"{'changed' if path.is_file() else 'missing'}  {path.as_posix()}")
    print(f"{len(files)} simulated files, {len(differing)} not as simulated")
    return ExitCode.FAILED if differing else ExitCode.FINE
