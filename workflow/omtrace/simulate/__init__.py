"""The simulated studies: raw exports made from one seed, so that the whole pipeline can be shown and tested.

No person, animal or sample stands behind these files. Designs and ranges follow published work, named in each
module, but the values are drawn: the simulation reproduces no published result and supports none.

Every seeded defect is declared with its place; ``DEFECTS`` names them, study by study.
"""

from pathlib import Path

from omtrace.simulate import batches, feasibility, rats, rct
from omtrace.simulate.streams import ROOT_SEED

STUDIES = (feasibility, rct, rats)

DEFECTS: dict[str, list[str]] = {study.STUDY: [defect.text() for defect in study.DEFECTS] for study in STUDIES}


def simulate(folder: str | Path, of_batches: int = 0) -> list[Path]:
    """Write all raw exports of the simulated studies as ``folder/<study>/<file>``; names the files, in order.

    The same bytes on every machine: see ``streams``. An existing file of the same name is replaced.
    ``of_batches``: the study of so many assay batches instead, which is not shipped.
    """
    if of_batches:
        return batches.write(Path(folder), range(1, of_batches + 1))
    return [path for study in STUDIES for path in study.write(Path(folder))]


__all__ = ["DEFECTS", "ROOT_SEED", "simulate"]
