"""A study computed anew in this process, from raw files to estimates, without Snakemake and beside its results.

The same calls as the workflow's, on the same slices of the plan; so the numbers are those of a run. For what-if,
recomputation and comparisons, which need estimates and row sets, and neither figures nor pages.
"""

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from pathlib import Path

from omtrace.model.folders import Folders
from omtrace.model.plan import Plan
from omtrace.model.register import Export, exports_of
from omtrace.model.slices import slice_of
from omtrace.provenance.stage_inputs import stages_of
from omtrace.provenance.stages import write_stage


def rerun(
    plan: Plan,
    exports: Sequence[Export],
    root: str | Path,
    folder: str | Path,
    wanted: Callable[[Plan, Path], Plan] = lambda plan, _: plan,
) -> Path:
    """Compute a study into a folder.

    Parameters
    ----------
    plan
        The whole plan.
    exports
        The register's rows, of any study.
    root
        The folder from which the paths of raw files count.
    folder
        Where to write what is results/<study> of a run, with stage files, and without what ``render`` makes.
    wanted
        Gives, of the plan and the data sets that were made, the plan whose analyses are made.

    Returns
    -------
    Path
        ``folder``.

    Raises
    ------
    Fault
        As a run would: findings that stop, plans that do not fit their data.
    """
    from omtrace.analyses.run import analyse_study
    from omtrace.derivations.records import derive_study
    from omtrace.validation.validate import validate_study

    folder = Path(folder)
    for stage, inputs in stages_of(plan, exports, Folders(), root).items():
        write_stage(inputs, folder / "stages" / f"{stage}.json")
    mine = exports_of(exports, plan.study)
    with redirect_stderr(io.StringIO()):  # what was quarantined, and what a run says of p values: it has said so
        validate_study(slice_of(plan, "validate"), list(mine), folder / "findings.csv", folder / "validated", root)
        derive_study(slice_of(plan, "derive"), folder / "validated", folder / "datasets")
        analyses = wanted(plan, folder / "datasets")
        if analyses.analyses:
            analyse_study(slice_of(analyses, "analyse"), folder / "datasets", folder)
    return folder
