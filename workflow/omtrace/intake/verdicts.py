"""What a run would do with the plates of new files: accepted, rejected and why, or not read at all."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omtrace.faults import Fault
from omtrace.model.closed import PluginOptions, checked
from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.plugins import plugin
from omtrace.provenance.keys import SHIFT
from omtrace.schemas import UNIT
from omtrace.validation.output import quarantined, write
from omtrace.validation.validate import Validation

REFUSED = ("plate rejected", "no curve")


@dataclass(frozen=True)
class Verdict:
    """What a run makes of a plate: ``usable``, and in words why not, or how many samples it reads."""

    plate: str
    parameter: str
    usable: bool
    says: str


def verdicts_of(validation: Validation, new: Sequence[Export]) -> list[Verdict]:
    """The verdict of a run on each plate of new exports, for each parameter that an assay gives.

    The rows that the checks leave are calibrated as a run does it. Nothing is said where a finding stops the study, or
    where a table of the assay is not there.
    """
    plan = validation.plan
    assays = [
        (dataset, name)
        for dataset, declared in plan.datasets.items()
        for name, parameter in declared.parameters.items()
        if parameter.derive == "assay" and set(_tables(parameter.options)) <= plan.tables.keys()
    ]
    sources = {name: entry.source or name for name, entry in plan.tables.items()}
    given = {export.table for export in new}
    assays = [
        (dataset, name)
        for dataset, name in assays
        if given & {sources[table] for table in _tables(plan.datasets[dataset].parameters[name].options)}
    ]
    if not assays or any(finding.severity == "stop" for finding in validation.findings):
        return []
    found: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="omtrace-") as folder:
        works = list(validation.works.values())
        write(works, quarantined(works), folder, validation.reading.parts.places())
        for dataset, name in assays:
            found += _of_assay(plan, Path(folder), dataset, name, {export.number for export in new})
    return found


def _tables(options: PluginOptions) -> list[str]:
    """The tables of an assay's options: the layout, then the readings."""
    signals = options.get("signals", "")
    return [str(options.get("layout", "")), *([signals] if isinstance(signals, str) else map(str, signals))]


def _of_assay(plan: Plan, folder: Path, dataset: str, name: str, numbers: set[int]) -> list[Verdict]:
    """The verdicts of one parameter on the plates of some exports."""
    from omtrace.derivations import Context
    from omtrace.derivations.records import read_tables

    parameter = plan.datasets[dataset].parameters[name]
    derivation = plugin("derivations", parameter.derive, "DERIVATION")
    options = checked(
        derivation.options, parameter.options, f"plan of {plan.study}: datasets.{dataset}.parameters.{name}.options"
    )
    tables = read_tables(plan, folder)
    layout, *signals = (tables.frames[table] for table in _tables(parameter.options))
    mine, *read = (frame[[key >> SHIFT in numbers for key in frame["key"]]] for frame in (layout, *signals))
    seen = {plate for frame in read for plate in frame[UNIT].str.rsplit("/", n=1).str[0].str.strip().dropna()}
    plates = sorted({*mine[options.plate].dropna(), *seen})
    try:
        result = derivation.derive(Context(tables, plan.datasets[dataset], {}), name, parameter, options)
        of = result.parts()["plate"] if result.parts else None
    except Fault as fault:
        return [Verdict(plate, name, False, str(fault)) for plate in plates]
    what = "wells" if options.per == "well" else "samples"
    verdicts = []
    for plate in plates:
        records = result.records[(of == plate).to_numpy()] if of is not None else result.records.iloc[:0]
        values = int(records["value"].notna().sum())
        refusals = sorted({status for status in records["status"].dropna() if status.startswith(REFUSED)})
        if refusals:
            verdicts.append(Verdict(plate, name, False, f"{'; '.join(refusals)} ({len(records)} {what} left out)"))
        elif not len(records):
            verdicts.append(
                Verdict(plate, name, False, "no sample: readings without a layout, or a layout without readings")
            )
        else:
            verdicts.append(Verdict(plate, name, True, f"accepted; {values} of {len(records)} {what} have a value"))
    return verdicts
