"""Files that were read in buckets, a part each, give what reading all of them at once gives."""

import random
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.model.register import Export, bucket_count, bucket_of, sha256_of
from omtrace.model.tables import TablePlan
from omtrace.readers.lookup import Way
from omtrace.schemas import table_of
from omtrace.simulate import batches
from omtrace.validation.parts import PLACES, Parts, stands_alone
from omtrace.validation.validate import Validation, read_exports, validate_study
from pyarrow.parquet import ParquetFile

ROOT = Path(__file__).resolve().parents[2]
ARRIVED = date(2024, 5, 31).isoformat()
TABLES = {"animals": "animals", "layout": "layouts", "plate": "plates"}


class Study:
    """A study of simulated batches in a folder of its own, with a register that a test changes."""

    def __init__(self, root, count):
        self.root, self.exports, self.number, self.runs = root, [], 0, 0
        plan = yaml.safe_load((ROOT / "benchmarks/batches.yaml").read_text(encoding="utf-8"))
        self.plan = Plan.model_validate({**plan, "analyses": {}, "figures": {}, "plates": None})
        for batch in range(1, count + 1):
            self.add(batch)

    def add(self, batch):
        for path in batches.write(self.root / "data/raw", (batch,)):
            self.register(path)

    def register(self, path, name=""):
        self.number += 1
        name, _, batch = (name or path.stem).partition("_")
        self.exports.append(
            Export(
                self.number,
                self.plan.study,
                path.stem,
                TABLES[name],
                path.relative_to(self.root).as_posix(),
                batch,
                ARRIVED,
                sha256_of(path),
                "received",
                "",
                "",
                "",
            )
        )

    def path(self, name):
        return self.root / "data/raw/rat_batches" / name

    def change(self, name, old, new):
        """Another version of a file, under its row of the register."""
        path = self.path(name)
        text = path.read_bytes().decode("latin-1")
        assert old in text
        path.write_bytes(text.replace(old, new, 1).encode("latin-1"))
        self.exports = [replace(e, sha256=sha256_of(path)) if self.root / e.path == path else e for e in self.exports]

    def run(self, parts=()):
        """Every byte that a validation writes, with the fault that it raises."""
        self.runs += 1
        out = self.root / f"out{self.runs}"
        try:
            validate_study(self.plan, self.exports, out / "findings.csv", out / "validated", self.root, parts)
        except Fault as fault:
            return {"fault": [line.replace(str(out), "") for line in fault.lines]}
        return {
            path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
        }

    def parts(self, count=2):
        """Read the files in so many buckets; the folders of the parts."""
        folder = self.root / "parts"
        shutil.rmtree(folder, ignore_errors=True)
        for bucket in range(count):
            mine = [export for export in self.exports if bucket_of(export, count) == bucket]
            read_exports(self.plan, mine, folder / str(bucket), self.root)
        return sorted(folder.iterdir())

    def same(self):
        """What a run with parts gives, which a run without gives as well."""
        found = self.run(self.parts())
        assert found == self.run()
        return found


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path, 3)


@pytest.fixture
def read(monkeypatch):
    """The exports that are read, in this order."""
    names = []
    extract = Way.extract

    def counted(way, content):
        names.append(len(content))
        return extract(way, content)

    monkeypatch.setattr(Way, "extract", counted)
    return names


def read_by(validation, read):
    """How many files a call reads."""
    read.clear()
    validation()
    return len(read)


def test_a_file_in_which_nothing_was_found_is_read_once(study, read):
    assert read_by(study.parts, read) == 9
    parts = study.parts()
    assert read_by(lambda: study.run(parts), read) == 0
    study.same()


def test_a_file_with_a_finding_is_read_by_the_validation(study, read):
    study.change("layout_2.csv", ",BLANK,,1", ",BLANK,none,1")
    parts = study.parts()
    assert read_by(lambda: study.run(parts), read) == 1
    assert b",none," in study.same()["findings.csv"]


def test_a_file_of_another_row_of_the_register_is_not_taken_from_a_part(study, read):
    parts = study.parts()
    study.exports[0] = replace(study.exports[0], batch="7")
    assert read_by(lambda: study.run(parts), read) == 1
    study.exports[1] = replace(study.exports[1], citation="corrected")  # only the report shows it
    assert read_by(lambda: study.run(parts), read) == 1
    study.exports = [export for export in study.exports if export.batch != "2"]  # withdrawn
    assert read_by(lambda: study.run(parts), read) == 1
    study.same()


def test_a_batch_has_its_bucket_whatever_else_there_is(study):
    before = {export.path: bucket_of(export, 8) for export in study.exports}
    study.add(4)
    assert {e.path: bucket_of(e, 8) for e in study.exports if e.path in before} == before
    for batch in "123":
        assert len({bucket_of(e, 8) for e in study.exports if e.batch == batch}) == 1  # a plate and its layout
    assert [bucket_count(n) for n in (0, 199, 200, 9_999, 10_000, 100_000)] == [0, 0, 8, 8, 64, 256]


def test_findings_across_files_name_rows_that_were_not_read(study):
    study.plan = study.plan.model_copy(update={"severities": {**study.plan.severities, "copied_plate": "warn"}})
    study.same()
    study.add(4)
    study.change("animals_4.csv", "R4-1,C4-1,4", "R1-2,C4-1,4")  # another animal under an earlier one's name
    one, four = (study.path(f"plate_{n}.txt").read_bytes().decode("latin-1") for n in (1, 4))
    study.change("plate_4.txt", four, one.replace("Batch 1", "Batch 4"))  # one reading under two names
    found = study.same()
    told = found["findings.csv"].decode()
    assert "duplicate_conflict,data/raw/rat_batches/animals_1.csv,,3,animal_id,animals,R1-2" in told
    assert "copied_plate,data/raw/rat_batches/plate_4.txt" in told
    assert "those of the plate of line 4 of data/raw/rat_batches/plate_1.txt" in told


def test_tables_may_share_a_file_and_break_its_rows(study):
    """A second table of the same file in which every other row is a copy: a row is looked up for each finding."""
    entry = TablePlan(reader="delimited", source="animals", columns={"room": "treatment", "rack_row": "batch"})
    study.plan = study.plan.model_copy(update={"tables": {**study.plan.tables, "cages": entry}})
    assert study.same()["findings.csv"].count(b"duplicate_row") == 3 * 17


def test_a_file_that_is_not_the_registered_one_is_in_no_part(study, read):
    path = study.path("animals_1.csv")
    content = path.read_bytes()
    path.write_bytes(content.replace(b",F,", b",M,", 1))
    parts = study.parts()
    assert read_by(lambda: study.run(parts), read) == 1


def test_a_fault_of_the_plan_is_told_by_the_validation_alone(study):
    entry = study.plan.tables["animals"].model_copy(update={"columns": {"weihgt": "weight_g"}})
    study.plan = study.plan.model_copy(update={"tables": {**study.plan.tables, "animals": entry}})
    parts = study.parts()
    assert all(not (part / "animals.parquet").exists() for part in parts)
    with pytest.raises(Fault, match="the table has no column 'weihgt'"):
        validate_study(study.plan, study.exports, study.root / "f.csv", study.root / "v", study.root, parts)


def test_a_file_that_changes_while_it_is_looked_up_stops(study):
    found = Validation(study.plan, study.exports, study.root, Parts(study.parts()))
    found.run()
    path = study.path("animals_1.csv")
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(Fault, match="not the registered file"):
        found.works["animals"].report([int(found.works["animals"].keys[0])], "range", "weight_g", "a weight")


def test_a_part_holds_declared_columns_places_and_counts_alone(study):
    path = study.path("animals_1.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    text = "".join(f"{line},{'remark' if n == 0 else 'said so'}\n" for n, line in enumerate(lines))
    study.change("animals_1.csv", path.read_bytes().decode(), text)
    assert b"column_undeclared,data/raw/rat_batches/animals_1.csv" in study.same()["findings.csv"]
    for part in study.parts():
        for file in part.glob("*.parquet"):
            names = ["key", "export", "part", "first_line", "last_line", "column"]
            declared = names if file.stem == PLACES else ["key", *(c.name for c in table_of(file.stem).columns)]
            assert ParquetFile(file).schema_arrow.names == declared
        assert b"said so" not in (part / "files.json").read_bytes()


@pytest.mark.parametrize("seed", range(2))
def test_no_sequence_of_changes_makes_a_difference(tmp_path, seed):
    study = Study(tmp_path, 2)
    chance = random.Random(seed)
    entry = TablePlan(reader="delimited", source="animals", columns={"room": "treatment", "rack_row": "batch"})
    for _ in range(5):
        for _ in range(chance.randint(1, 3)):
            export = chance.choice(study.exports)
            name = export.path.rpartition("/")[2]
            step = chance.choice(["add", "withdraw", "odd", "well", "cages", "batch", "code"])
            if step == "add":
                study.add(study.number + 1)
            elif step == "withdraw" and sum(e.table == export.table for e in study.exports) > 1:
                study.exports.remove(export)
            elif step == "odd" and export.table == "animals":
                study.change(name, "Sprague-Dawley", chance.choice(["", "Wistar", "+41 79 123 45 67"]))
            elif step == "well" and export.table == "layouts":
                study.change(name, ",A2,", chance.choice([",A1,", ",a2,", ",A02,"]))
            elif step == "cages":
                tables = {name: table for name, table in study.plan.tables.items() if name != "cages"}
                tables |= {} if "cages" in study.plan.tables else {"cages": entry}
                study.plan = study.plan.model_copy(update={"tables": tables})
            elif step == "batch":
                study.exports[study.exports.index(export)] = replace(export, batch="1")
            elif step == "code":
                codes = chance.choice([{}, {"Wistar": "not told"}])
                study.plan = study.plan.model_copy(update={"missing_codes": codes})
        study.same()


def test_what_spans_files_is_in_no_part():
    animals, layout = table_of("animals"), table_of("plate_layout")
    entry = {"reader": "delimited"}
    assert stands_alone(TablePlan(**entry), animals)
    assert stands_alone(TablePlan(**entry, joined={"plate": ("a", "b")}), layout)
    assert not stands_alone(TablePlan(**entry, joined={"dilution": ("a", "b")}), layout)
    assert not stands_alone(TablePlan(**entry, rows={"kind": ("rat",)}), animals)
    assert not stands_alone(TablePlan(**entry, visit={"column": "day", "map": {"1": "first"}}), animals)
    assert not stands_alone(TablePlan(reader="redcap"), animals)
    swap = {"column": "a", "becomes": "", "reason": "as the laboratory says"}
    assert not stands_alone(TablePlan(**entry, repairs=[swap]), animals)
