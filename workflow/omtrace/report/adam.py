"""Analysis data sets in ADaM's shape: ``omtrace export STUDY --to adam``.

ADSL has a row a unit: arm, populations, and each parameter without a visit. ADBDS has a row a unit, parameter and visit
(CDISC ADaM Implementation Guide 1.3, the basic data structure). Both stand in a zip file as CSV, Parquet, XPT version 5
and Dataset-JSON 1.1, with a table of variables (``define.csv``, ``define.json``) that names the raw files and columns
behind each of them. Values are those of the study's data sets; the record number of a row is that of ``omtrace trace``.
Rows are of single participants or animals: the file is confidential.
"""

import io
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import omtrace
from omtrace import store
from omtrace.faults import Fault
from omtrace.model.plan import DatasetPlan, Parameter, Plan
from omtrace.provenance.keys import number_of
from omtrace.provenance.recorded import RegisterRow

if TYPE_CHECKING:
    import pandas

FLAGS = {"full": "FASFL", "itt": "ITTFL", "safety": "SAFFL", "per_protocol": "PPROTFL", "enrolled": "ENRLFL"}
NAME, LABEL, TEXT = 8, 40, 200  # letters of a name, a label and a text in XPT version 5
EPOCH = b"01JAN60:00:00:00"  # in place of the time at which a file was written
TIME = re.compile(rb"\d{2}[A-Z]{3}\d{2}:\d{2}:\d{2}:\d{2}")
SET = "datasets"
OBSERVED, UNSCHEDULED = "observed", "not scheduled"
Values = list[str | float | None]


@dataclass(frozen=True)
class Variable:
    """One variable: ``origin`` Collected, Derived or Assigned; ``source``: raw files and columns behind it."""

    dataset: str
    name: str
    label: str
    type: str
    origin: str
    source: tuple[str, ...] = ()
    method: str = ""
    unit: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """A data set: its variables, and the values of each by name."""

    name: str
    label: str
    keys: tuple[str, ...]
    variables: tuple[Variable, ...]
    values: Mapping[str, Values]
    parameters: tuple[Variable, ...] = ()  # of a data set of parameters: where each of them is from


def export_adam(study: str, path: str | Path = "", root: str | Path = ".", share: bool = False) -> Path:
    """Write the analysis data sets of a study as one zip file.

    Parameters
    ----------
    study
        A study that has run.
    path
        The file; "": ``releases/<study>_adam.zip``.
    root
        The folder that holds results/.
    share
        Whether it is to leave, which is refused: it has a row for each unit.

    Raises
    ------
    Fault
        Where a result is missing or not readable, and in share mode.
    AssertionError
        Where a file, read back, does not hold the values that were written.
    """
    from omtrace.report.exports import FOLDER
    from omtrace.report.share import numbers_for

    if share:
        raise Fault(
            "analysis data sets hold rows of single people and cannot be shared: leave out --share or --to adam"
        )
    plan = numbers_for(study, root).plan
    folder = Path(root) / "results" / study
    try:
        register = store.read_json(folder / "manifest.json")["register"]
        both = {name: _Subject(plan, name, folder, register) for name in plan.datasets}
        datasets = {name: (subject.level(), subject.parameters()) for name, subject in both.items()}
    except (OSError, ValueError, KeyError) as error:
        raise Fault(f"results/{study}: not whole ({type(error).__name__}); run snakemake {study}") from None
    day = max((row["received_on"] for row in register), default="1960-01-01") or "1960-01-01"
    files: dict[str, bytes] = {}
    for name, pair in datasets.items():
        inside = f"{name}/" if len(datasets) > 1 else ""
        for dataset in pair:
            for ending, content in written(plan, dataset, day).items():
                files[f"{inside}{dataset.name.lower()}.{ending}"] = content
        variables = [variable for dataset in pair for variable in (*dataset.variables, *dataset.parameters)]
        files[f"{inside}define.json"] = (json.dumps([asdict(v) for v in variables], indent=1) + "\n").encode()
        files[f"{inside}define.csv"] = define_csv(variables)
    target = Path(path) if path else Path(root) / FOLDER / f"{study}_adam.zip"
    store.write_bytes(target, store.zipped(files), confidential=True)
    return target


def define_csv(variables: Iterable[Variable]) -> bytes:
    """The table of variables."""
    header = ("dataset", "variable", "label", "type", "unit", "origin", "source", "method", "codes")
    rows = [
        (v.dataset, v.name, v.label, v.type, v.unit, v.origin, "; ".join(v.source), v.method)
        + ("; ".join(f"{code}={label}" for code, label in v.codes.items()),)
        for v in variables
    ]
    return store.csv_text(header, rows).encode()


def _sources(
    folder: Path, name: str, records: "pandas.DataFrame", paths: Mapping[int, str]
) -> dict[str, tuple[str, ...]]:
    """Raw file and column of the cells behind each parameter."""
    from omtrace.provenance.links import written_out

    cells = written_out(store.read_coded(folder / SET / f"{name}.cells.parquet")).to_pandas()
    cells = cells.assign(parameter=cells["record"].map(records.set_index("record")["parameter"]))
    cells = cells.assign(path=cells["key"].map(number_of).map(paths))
    pairs = cells[["parameter", "path", "column"]].astype(str).drop_duplicates().sort_values(["path", "column"])
    return {
        str(parameter): tuple(f"{path}:{column}" for path, column in zip(part["path"], part["column"], strict=True))
        for parameter, part in pairs.groupby("parameter")
    }


class _Subject:
    """ADSL and ADBDS of a data set of the plan, from its stored records."""

    def __init__(self, plan: Plan, name: str, folder: Path, register: Sequence[RegisterRow]) -> None:
        from omtrace.analyses.selection import Data

        self.plan, self.dataset = plan, plan.datasets[name]
        self.records = store.read_table(folder / SET / f"{name}.parquet")
        self.units = list(dict.fromkeys(self.records["unit"]))
        paths = {int(row["number"]): str(row["path"]) for row in register}
        self.sources = _sources(folder, name, self.records, paths)
        texts = ("parameter", "visit", "text", "status")
        coded = store.read_table(folder / SET / f"{name}.parquet", texts)
        self.data = Data(name, self.dataset, coded, store.read_table(folder / SET / f"{name}.cells.parquet"))
        arm = self.records[self.records["parameter"] == self.dataset.group]
        self.arm = dict(zip(arm["unit"], arm["text"].fillna(""), strict=True)) if self.dataset.group else {}

    def subject_values(self, units: Sequence[str]) -> dict[str, Values]:
        """The values of the variables that say whose row it is."""
        numbers = {group: float(place) for place, group in enumerate(self.dataset.groups, 1)}
        arms = [self.arm.get(unit, "") for unit in units]
        values: dict[str, Values] = {
            "STUDYID": [self.plan.study] * len(units),
            "USUBJID": [f"{self.plan.study}-{unit}" for unit in units],
            "SUBJID": list(units),
        }
        if self.dataset.group:
            values["TRT01P"] = [self.dataset.groups.get(arm, arm) for arm in arms]
            values["TRT01PN"] = [numbers.get(arm) for arm in arms]
        return values

    def subject_variables(self, of: str) -> list[Variable]:
        """The variables that say whose row it is."""
        codes = {str(place): label for place, label in enumerate(self.dataset.groups.values(), 1)}
        source = self.sources.get(self.dataset.group, ())
        variables = [
            Variable(of, "STUDYID", "Study Identifier", "text", "Assigned"),
            Variable(of, "USUBJID", "Unique Subject Identifier", "text", "Derived", (), "STUDYID-SUBJID"),
            Variable(of, "SUBJID", f"Identifier of the {self.dataset.unit}"[:LABEL], "text", "Collected"),
        ]
        if self.dataset.group:
            variables += [
                Variable(of, "TRT01P", "Planned Treatment for Period 01", "text", "Collected", source),
                Variable(
                    of, "TRT01PN", "Planned Treatment for Period 01 (N)", "integer", "Assigned", source, codes=codes
                ),
            ]
        return variables

    def level(self) -> Dataset:
        """ADSL."""
        variables, values = self.subject_variables("ADSL"), self.subject_values(self.units)
        for name, flag in flags_of(self.dataset).items():
            population = self.dataset.populations[name]
            reason = self.data.membership(name).reason
            inside = {unit: not out for unit, out in zip(self.data.enrolled, reason.tolist(), strict=True)}
            method = population.where or "every unit that is enrolled"
            variables.append(
                Variable("ADSL", flag, f"{population.label[: LABEL - 5]} Flag", "text", "Derived", (), method)
            )
            values[flag] = ["Y" if inside[unit] else "N" for unit in self.units]
        for name, parameter in self.dataset.parameters.items():
            if not parameter.visits and name != self.dataset.group:
                mine = self.records[self.records["parameter"] == name].set_index("unit")
                variable = self._variable("ADSL", _fresh(_short(name), values), name, parameter, mine)
                variables.append(variable)
                kind = "text" if variable.type == "text" else "value"
                values[variable.name] = _plain(mine[kind].reindex(self.units))
        return Dataset("ADSL", "Subject-Level Analysis Dataset", ("USUBJID",), tuple(variables), values)

    def parameters(self) -> Dataset:
        """ADBDS."""
        of, plan = "ADBDS", self.dataset
        frame = self.records[(self.records["visit"].fillna("") != "") & (self.records["status"] != UNSCHEDULED)]
        units = frame["unit"].tolist()
        variables, values = self.subject_variables(of), self.subject_values(units)
        codes: dict[str, str] = {}
        for name in frame["parameter"].unique():
            codes[name] = _fresh(_short(name), codes.values())
        order = {visit: float(at) for at, visit in enumerate(plan.visits)}
        names, visits = frame["parameter"].tolist(), frame["visit"].tolist()
        value, base = _plain(frame["value"]), self._baselines(frame)
        later = [order.get(visit, 0.0) > order.get(plan.baseline, -1.0) for visit in visits]
        change = [
            v - b if after and isinstance(v, float) and isinstance(b, float) else None
            for v, b, after in zip(value, base, later, strict=True)
        ]
        pairs = zip(change, base, strict=True)
        share = [100 * c / b if c is not None and isinstance(b, float) and b else None for c, b in pairs]
        known = frame["status"] == OBSERVED
        add: list[tuple[str, str, str, Sequence[str | float | None]]] = [
            ("PARAM", "Parameter", "text", [_titled(plan.parameters[n]) for n in names]),
            ("PARAMCD", "Parameter Code", "text", [codes[n] for n in names]),
            ("PARAMN", "Parameter (N)", "integer", [float(list(codes).index(n) + 1) for n in names]),
            ("AVISIT", "Analysis Visit", "text", [plan.visits.get(v, v) for v in visits]),
            ("AVISITN", "Analysis Visit (N)", "integer", [order.get(v) for v in visits]),
            ("AVAL", "Analysis Value", "float", value),
            ("AVALC", "Analysis Value (C)", "text", [t or "" for t in _plain(frame["text"])]),
            ("BASE", "Baseline Value", "float", base),
            ("CHG", "Change from Baseline", "float", [_stored(c) for c in change]),
            ("PCHG", "Percent Change from Baseline", "float", [_stored(c) for c in share]),
            ("ABLFL", "Baseline Record Flag", "text", ["Y" if v == plan.baseline else "" for v in visits]),
            ("ANL01FL", "Analysis Flag 01", "text", ["Y" if one else "" for one in known]),
            ("STATUS", "Reason why there is no value", "text", [s if s != OBSERVED else "" for s in frame["status"]]),
            ("RECORD", "Record, for omtrace trace", "integer", [float(r) for r in frame["record"]]),
        ]
        methods = {
            "BASE": f"AVAL where AVISIT is {plan.visits.get(plan.baseline, 'the baseline')}",
            "CHG": "AVAL - BASE, after baseline",
            "PCHG": "100 * CHG / BASE, where BASE is not 0",
            "ANL01FL": "Y where there is a value",
        }
        for name, label, kind, column in add:
            origin = "Derived" if name in ("AVAL", "AVALC", *methods) else "Assigned"
            variables.append(Variable(of, name, label, kind, origin, (), methods.get(name, "")))
            values[name] = list(column)
        levels = tuple(
            self._variable(f"{of}.PARAMCD", code, name, plan.parameters[name], frame[frame["parameter"] == name])
            for name, code in codes.items()
        )
        return Dataset(of, "Basic Data Structure", ("USUBJID", "PARAMCD", "AVISITN"), tuple(variables), values, levels)

    def _baselines(self, frame: "pandas.DataFrame") -> Values:
        at = frame[frame["visit"] == self.dataset.baseline].set_index(["unit", "parameter"])["value"]
        known = at.to_dict()
        pairs = zip(frame["unit"], frame["parameter"], strict=True)
        return [None if (v := known.get(pair)) is None or v != v else float(v) for pair in pairs]

    def _variable(self, of: str, short: str, name: str, entry: Parameter, mine: "pandas.DataFrame") -> Variable:
        is_text = bool((mine["text"].fillna("") != "").any())
        options = json.dumps(entry.options, sort_keys=True, default=str)
        return Variable(
            of,
            short,
            entry.label,
            "text" if is_text else "float",
            "Collected" if entry.derive in ("column", "same") else "Derived",
            self.sources.get(name, ()),
            f"{name}: {entry.derive} {options}",
            entry.unit,
            dict(entry.labels),
        )


def flags_of(dataset: DatasetPlan) -> dict[str, str]:
    """The variable of each population."""
    found: dict[str, str] = {}
    for name in dataset.populations:
        own = f"{re.sub('[^A-Z0-9]', '', name.upper())[: NAME - 2]}FL"
        found[name] = _fresh(FLAGS.get(name, own), found.values())
    return found


def _titled(entry: Parameter) -> str:
    return f"{entry.label} ({entry.unit})" if entry.unit else entry.label


def _stored(value: float | None) -> float | None:
    return None if value is None else store.stored(value)


def _plain(column: "pandas.Series") -> Values:
    return [None if value is None or value != value else value for value in column.tolist()]


def _short(name: str) -> str:
    """A name of at most eight letters: whole, else without vowels inside its words, else cut."""
    upper = re.sub("[^A-Z0-9_]", "", name.upper())
    packed = upper.replace("_", "")
    if len(packed) > NAME:
        packed = "".join(word[:1] + re.sub("[AEIOU]", "", word[1:]) for word in upper.split("_"))
    packed = packed[:NAME]
    return packed if packed[:1].isalpha() else f"P{packed}"[:NAME]


def _fresh(name: str, taken: Iterable[str]) -> str:
    """The name, or one with a number at its end that is not taken."""
    known = set(taken)
    for at in range(1, 10_000):
        tail = "" if at == 1 else str(at)
        if (found := name[: NAME - len(tail)] + tail) not in known:
            return found
    raise AssertionError(name)


# files


def written(plan: Plan, dataset: Dataset, day: str) -> dict[str, bytes]:
    """A data set in every format, by ending; each is read back.

    Parameters
    ----------
    plan
        The plan of its study.
    dataset
        The data set.
    day
        ISO date that stands for the time of creation: that of the newest raw file.
    """
    files = {
        "csv": csv_of(dataset),
        "parquet": parquet_of(dataset),
        "xpt": xpt_of(dataset),
        "json": json_of(plan, dataset, day),
    }
    readers = {"csv": read_csv, "parquet": read_parquet, "xpt": read_xpt, "json": read_json}
    for ending, content in files.items():
        there, wanted = readers[ending](content, dataset), dataset.values
        for name, values in wanted.items():
            limit = TEXT if ending == "xpt" else None
            if [_same(v, limit) for v in values] != [_same(v, limit) for v in there[name]]:
                raise AssertionError(f"{dataset.name}.{ending}: {name} read back is not what was written")
    return files


def _same(value: str | float | None, limit: int | None) -> str | float:
    """A value as all formats can tell it: no text and no value are one."""
    if value is None or value == "":
        return ""
    return value.rstrip()[:limit].rstrip() if isinstance(value, str) else float(value)


def csv_of(dataset: Dataset) -> bytes:
    """CSV with all digits."""
    columns = [
        [repr(v).removesuffix(".0") if isinstance(v, float) else v for v in dataset.values[n.name]]
        for n in dataset.variables
    ]
    return store.csv_text([v.name for v in dataset.variables], list(zip(*columns, strict=True))).encode()


def read_csv(content: bytes, dataset: Dataset) -> dict[str, Values]:
    """The values of a CSV file."""
    rows = store.csv_rows(content.decode())
    kinds = {v.name: v.type for v in dataset.variables}
    return {
        name: [row[name] if kind == "text" or row[name] == "" else float(row[name]) for row in rows]
        for name, kind in kinds.items()
    }


def parquet_of(dataset: Dataset) -> bytes:
    """Parquet; label, unit, origin and sources of each column in its metadata."""
    import pyarrow
    import pyarrow.parquet

    fields, arrays = [], []
    for variable in dataset.variables:
        kind = pyarrow.string() if variable.type == "text" else pyarrow.float64()
        meta = {k: json.dumps(v) if not isinstance(v, str) else v for k, v in asdict(variable).items() if v}
        fields.append(pyarrow.field(variable.name, kind, metadata=meta))
        arrays.append(pyarrow.array(dataset.values[variable.name], kind))
    schema = pyarrow.schema(fields, metadata={"name": dataset.name, "label": dataset.label})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(arrays, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def read_parquet(content: bytes, dataset: Dataset) -> dict[str, Values]:
    """The values of a Parquet file."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(io.BytesIO(content)).to_pydict()


def xpt_of(dataset: Dataset) -> bytes:
    """SAS transport file, version 5: names of 8 letters, labels of 40, texts of 200; it says no time."""
    import pandas
    import pyreadstat

    frame = pandas.DataFrame(
        {
            v.name: [(x or "")[:TEXT] for x in dataset.values[v.name]]  # type: ignore[index]
            if v.type == "text"
            else pandas.array([float("nan") if x is None else x for x in dataset.values[v.name]], dtype="float64")
            for v in dataset.variables
        }
    )
    with tempfile.TemporaryDirectory(prefix="omtrace-") as folder:
        path = Path(folder) / "file.xpt"
        pyreadstat.write_xport(
            frame,
            path,
            file_label=dataset.label[:LABEL],
            column_labels=[v.label[:LABEL] for v in dataset.variables],
            table_name=dataset.name,
            file_format_version=5,
        )
        content = path.read_bytes()
    head = content.index(b"HEADER RECORD*******OBS")
    return TIME.sub(EPOCH, content[:head]) + content[head:]


def read_xpt(content: bytes, dataset: Dataset) -> dict[str, Values]:
    """The values of a transport file."""
    import pyreadstat

    with tempfile.TemporaryDirectory(prefix="omtrace-") as folder:
        path = Path(folder) / "file.xpt"
        path.write_bytes(content)
        frame, _ = pyreadstat.read_xport(path)
    return {str(name): _plain(frame[name]) for name in frame}


def json_of(plan: Plan, dataset: Dataset, day: str) -> bytes:
    """CDISC Dataset-JSON 1.1."""
    oid = f"IG.{dataset.name}"
    columns = []
    for variable in dataset.variables:
        column: dict[str, object] = {
            "itemOID": f"IT.{dataset.name}.{variable.name}",
            "name": variable.name,
            "label": variable.label,
            "dataType": {"text": "string", "integer": "integer", "float": "double"}[variable.type],
        }
        if variable.type == "text":
            column["length"] = max([1, *(len(str(x or "")) for x in dataset.values[variable.name])])
        if variable.name in dataset.keys:
            column["keySequence"] = dataset.keys.index(variable.name) + 1
        columns.append(column)
    by_name = [
        [int(x) if v.type == "integer" and x is not None else x for x in dataset.values[v.name]]  # type: ignore[arg-type]
        for v in dataset.variables
    ]
    content = {
        "datasetJSONCreationDateTime": f"{day}T00:00:00",
        "datasetJSONVersion": "1.1.0",
        "fileOID": f"{plan.study}.{dataset.name}",
        "originator": "omtrace",
        "sourceSystem": {"name": "omtrace", "version": omtrace.__version__},
        "studyOID": plan.study,
        "metaDataVersionOID": f"MDV.{plan.study}",
        "itemGroupOID": oid,
        "records": len(dataset.values["USUBJID"]),
        "name": dataset.name,
        "label": dataset.label,
        "columns": columns,
        "rows": [list(row) for row in zip(*by_name, strict=True)],
    }
    return (json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def read_json(content: bytes, dataset: Dataset) -> dict[str, Values]:
    """The values of a Dataset-JSON file."""
    read = json.loads(content)
    columns = [column["name"] for column in read["columns"]]
    return dict(zip(columns, map(list, zip(*read["rows"], strict=True)), strict=True))
