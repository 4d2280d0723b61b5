"""A study computed anew in this process, from raw files to estimates, without Snakemake and beside its results.

The same calls as the workflow's, on the same slices of the plan; so the numbers are those of a run. For what-if,
recomputation and comparisons, which need estimates and row sets, and neither figures nor pages.
"""

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from omtrace.model.folders import Folders
from omtrace.model.plan import Plan
from omtrace.model.register import Export, exports_of
from omtrace.model.slices import slice_of
from omtrace.provenance.stage_inputs import inputs_of, stages_of
from omtrace.provenance.stages import write_stage


@dataclass(frozen=True)
class Partly:
    """What is not made anew: records whose tables are as they were, and analyses that no changed record reaches.

    Parameters
    ----------
    stored
        results/<study>, from which such records are taken where they were derived in the same way.
    wanted
        Gives, of the plan and the data sets that were made, the plan whose analyses are made.
    """

    stored: Path
    wanted: Callable[[Plan, Path], Plan]


def rerun(
    plan: Plan, exports: Sequence[Export], root: str | Path, folder: str | Path, partly: Partly | None = None
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
    partly
        What is not made anew, and of the stage files all but that which says how records are derived; None: everything
        is made.

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
    from omtrace.derivations._again import derive_again
    from omtrace.derivations.records import derive_study
    from omtrace.validation.validate import validate_study

    folder = Path(folder)
    derive = inputs_of(plan, "derive", [], Folders().plan(plan.study))
    stages = stages_of(plan, exports, Folders(), root) if partly is None else {"derive": derive}
    for stage, inputs in stages.items():
        write_stage(inputs, folder / "stages" / f"{stage}.json")
    mine = exports_of(exports, plan.study)
    with redirect_stderr(io.StringIO()):  # what was quarantined, and what a run says of p values: it has said so
        validate_study(slice_of(plan, "validate"), list(mine), folder / "findings.csv", folder / "validated", root)
        derived = slice_of(plan, "derive")
        if partly and _is_alike(folder, partly.stored):
            derive_again(derived, folder / "validated", folder / "datasets", partly.stored)
        else:
            derive_study(derived, folder / "validated", folder / "datasets")
        analyses = partly.wanted(plan, folder / "datasets") if partly else plan
        if analyses.analyses:
            analyse_study(slice_of(analyses, "analyse"), folder / "datasets", folder)
    return folder


def _is_alike(one: Path, other: Path) -> bool:
    """Whether the records of two folders of results are derived by the same plan, code and packages."""
    paths = [folder / "stages/derive.json" for folder in (one, other)]
    return all(path.is_file() for path in paths) and paths[0].read_bytes() == paths[1].read_bytes()
