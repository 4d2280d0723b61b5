"""Datasets made again where only some tables have changed: the records of the others are those that are stored."""

from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.derivations import Context, Tables
from omtrace.derivations.records import Built, build, read_tables
from omtrace.model.closed import checked
from omtrace.model.plan import WORD, DatasetPlan, Plan
from omtrace.plugins import plugin

if TYPE_CHECKING:
    import pandas


def derive_again(plan: Plan, validated: str | Path, folder: str | Path, stored: str | Path) -> None:
    """Build every dataset of a study as ``derive_study`` does, by fewer derivations.

    Parameters
    ----------
    plan
        The part of the plan on which records depend.
    validated
        The validated tables.
    folder
        Where the datasets go.
    stored
        Results of the same plan, from tables of which some were others.
    """
    earlier = Path(stored) / "validated"
    tables, before = read_tables(plan, validated), read_tables(plan, earlier)
    changed = {name for name in plan.tables if not tables.frames[name].equals(before.frames[name])}
    for part in ("gaps", "quarantine"):  # which say why a record has no value
        says = [store.read_table(Path(parent) / f"{part}.parquet").astype("str") for parent in (validated, earlier)]
        changed |= {name for name in plan.tables if not _of(says[0], name).equals(_of(says[1], name))}
    for name, dataset in plan.datasets.items():
        old = _stored(Path(stored) / "datasets", name)
        is_same_roster = Context(tables, dataset, {}).roster.equals(Context(before, dataset, {}).roster)
        has_sets = bool((old.cells["record"] < 0).any())  # cells that records share, numbered over the whole dataset
        if is_same_roster and not has_sets and len(old.records):
            records, cells = _merged(plan, name, tables, changed, old)
        else:
            records, cells = build(plan, name, tables)
        store.write_table(Path(folder) / f"{name}.cells.parquet", cells)
        store.write_table(Path(folder) / f"{name}.parquet", records)


def _stored(folder: Path, name: str) -> Built:
    columns = ("column", "role")
    return Built(
        store.read_table(folder / f"{name}.parquet"), store.read_table(folder / f"{name}.cells.parquet", columns)
    )


def _of(rows: "pandas.DataFrame", table: str) -> "pandas.DataFrame":
    """The rows that are about a table."""
    return rows[rows["table"] == table].reset_index(drop=True)


def _named(dataset: DatasetPlan) -> dict[str, set[str]]:
    """The words in the options of each parameter, among them all tables and parameters that it is derived from."""
    named = {}
    for name, parameter in dataset.parameters.items():
        derivation = plugin("derivations", parameter.derive, "DERIVATION")
        options = checked(derivation.options, parameter.options, name)
        named[name] = {*WORD.findall(repr(options)), *([dataset.group] if derivation.by_group else [])}
    return named


def _reached(dataset: DatasetPlan, named: dict[str, set[str]], changed: set[str]) -> set[str]:
    """The parameters that rest on a changed table."""
    reached = set[str]()
    for name in dataset.parameters:  # those that it is derived from stand before it
        if named[name] & (changed | reached):
            reached.add(name)
    return reached


def _needed(dataset: DatasetPlan, named: dict[str, set[str]], reached: set[str]) -> set[str]:
    """Parameters with all that they are derived from."""
    needed = set(reached)
    for name in reversed(dataset.parameters):
        if name in needed:
            needed |= named[name] & dataset.parameters.keys()
    return needed


def _merged(plan: Plan, name: str, tables: Tables, changed: set[str], old: Built) -> Built:
    """The stored records and cells, with those of the parameters that changed tables reach made again."""
    import pandas

    dataset = plan.datasets[name]
    named = _named(dataset)
    reached = _reached(dataset, named, changed)
    if not reached:
        return old
    needed = _needed(dataset, named, reached)
    parameters = {key: parameter for key, parameter in dataset.parameters.items() if key in needed}
    narrow = dataset.model_copy(update={"parameters": parameters})
    new = build(plan.model_copy(update={"datasets": {name: narrow}}), name, tables)
    stays, made = ~old.records["parameter"].isin(reached), new.records["parameter"].isin(reached)
    # The grid is the same: every parameter has as many records, in one order.
    number = pandas.Series(old.records.loc[~stays, "record"].array, index=new.records.loc[made, "record"])
    records = new.records[made].assign(record=number.array)
    behind = new.cells[new.cells["record"].isin(number.index)]
    behind = behind.assign(record=behind["record"].map(number))
    texts = dict.fromkeys(("column", "role"), "str")
    parts = [part.astype(texts) for part in (old.cells[~old.cells["record"].isin(number)], behind)]
    cells = pandas.concat(parts).sort_values("record", kind="stable", ignore_index=True)
    every = pandas.concat([old.records[stays], records]).sort_values("record", ignore_index=True)
    return Built(every, cells.astype(dict.fromkeys(texts, "category")))
