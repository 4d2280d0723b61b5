"""Files in which nothing was found are not read again, and no result differs by that."""

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from omtrace.checks import kept
from omtrace.checks.kept import Kept, depends_on, stands_alone
from omtrace.checks.reading import Reading
from omtrace.checks.validate import Validation, validate_study
from omtrace.faults import Fault
from omtrace.lineage.checking import findings_at
from omtrace.schemas import table_of
from omtrace.simulate import batches
from omtrace.sources.lookup import Way
from omtrace.study.plan import Plan
from omtrace.study.register import Export, sha256_of
from omtrace.study.tables import TablePlan
from pyarrow.parquet import ParquetFile

ROOT = Path(__file__).resolve().parent.parent
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
        self.exports.append(Export(self.number, self.plan.study, path.stem, TABLES[name],
                                   path.relative_to(self.root).as_posix(), batch, ARRIVED, sha256_of(path),
                                   "received", "", "", ""))  # fmt: skip

    def path(self, name):
        return self.root / "data/raw/rat_batches" / name

    def change(self, name, old, new):
        """Another version of a file, under its row of the register."""
        path = self.path(name)
        text = path.read_bytes().decode("latin-1")
        assert old in text
        path.write_bytes(text.replace(old, new, 1).encode("latin-1"))
        self.exports = [replace(e, sha256=sha256_of(path)) if self.root / e.path == path else e for e in self.exports]

    def run(self, cache):
        """Every byte that a validation writes, with the fault that it raises; what it read anew stands in the cache."""
        self.runs += 1
        out = self.root / f"out{self.runs}"
        try:
            validate_study(self.plan, self.exports, out / "findings.csv", out / "validated", self.root, cache)
        except Fault as fault:
            return {"fault": [line.replace(str(out), "") for line in fault.lines]}
        return {
            path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()
        }

    def same(self):
        """What a run with the cache gives, which a run without gives as well."""
        found = self.run(self.cache)
        assert found == self.run("")
        return found

    @property
    def cache(self):
        return self.root / kept.FOLDER / self.plan.study


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


def anew(study, read):
    """How many files a run with the cache reads."""
    read.clear()
    study.run(study.cache)
    return len(read)


def test_a_file_in_which_nothing_was_found_is_read_once(study, read):
    assert anew(study, read) == 9
    assert anew(study, read) == 0
    study.add(4)
    assert anew(study, read) == 3
    study.same()
    assert anew(study, read) == 0


def test_a_file_with_a_finding_is_read_every_time(study, read):
    study.change("layout_2.csv", ",BLANK,,1", ",BLANK,none,1")
    study.same()
    assert anew(study, read) == 1
    assert b",none," in study.same()["findings.csv"]


def test_what_an_export_depends_on_is_its_whole_row_of_the_register(study, read):
    study.run(study.cache)
    study.exports[0] = replace(study.exports[0], batch="7")
    assert anew(study, read) == 1
    study.same()
    study.change("animals_3.csv", ",F,", ",M,")
    assert anew(study, read) == 1
    study.same()
    study.exports = [export for export in study.exports if export.batch != "2"]  # withdrawn
    assert anew(study, read) == 0
    study.same()


def test_findings_across_files_name_rows_that_were_not_read(study):
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
    assert study.same() == found  # once more, with all of it kept


def test_tables_may_share_a_file_and_break_its_rows(study):
    """A second table of the same file in which every other row is a copy: kept rows are looked up for each finding."""
    entry = TablePlan(reader="delimited", source="animals", columns={"room": "treatment", "rack_row": "batch"})
    study.plan = study.plan.model_copy(update={"tables": {**study.plan.tables, "cages": entry}})
    first = study.same()
    assert first["findings.csv"].count(b"duplicate_row") == 3 * 17
    assert study.same() == first


@pytest.mark.parametrize("name", ["0001.json", "0001.animals.parquet", f"0001.{kept.PLACES}.parquet"])
def test_a_damaged_part_is_passed_over(tmp_path, read, name):
    study = Study(tmp_path, 2)
    study.run(study.cache)
    path = study.cache / name
    content = path.read_bytes()
    for damaged in (content[:-9], bytes([content[0] ^ 1]) + content[1:], None):
        path.unlink() if damaged is None else path.write_bytes(damaged)
        assert anew(study, read) == 6
    study.same()
    assert anew(study, read) == 0


def test_a_damaged_index_is_passed_over(tmp_path, read):
    study = Study(tmp_path, 1)
    study.run(study.cache)
    index = study.cache / kept.INDEX
    for damaged in ("[1]", "{", '{"parts": {"0001": 3}}', ""):
        index.write_text(damaged, encoding="utf-8")
        assert anew(study, read) == 3
    index.unlink()
    assert anew(study, read) == 3
    study.same()


def test_another_plan_reads_all_files_again(study, read):
    study.run(study.cache)
    entry = study.plan.tables["animals"].model_copy(update={"recode": {"sex": {"F": "M"}}})
    study.plan = study.plan.model_copy(update={"tables": {**study.plan.tables, "animals": entry}})
    assert anew(study, read) == 9
    study.same()
    study.plan = study.plan.model_copy(update={"checks": {}})  # is worked out over all files in every run
    assert anew(study, read) == 0
    study.same()


def test_the_digest_holds_plan_library_and_environment(study, monkeypatch):
    digest = depends_on(study.plan, study.root)
    assert depends_on(study.plan, study.root) == digest
    (study.root / "envs").mkdir()
    (study.root / "envs/requirements.lock").write_text("pandas==1\n", encoding="utf-8")
    locked = depends_on(study.plan, study.root)
    monkeypatch.setattr(kept, "library_digest", lambda *_: "other")
    severities = study.plan.model_copy(update={"severities": {"range": "warn"}})
    assert len({digest, locked, depends_on(study.plan, study.root), depends_on(severities, study.root)}) == 4


def test_a_file_that_is_no_longer_the_registered_one_is_not_taken_from_the_cache(study, read):
    study.run(study.cache)
    path = study.path("animals_1.csv")
    content = path.read_bytes()
    path.write_bytes(content.replace(b",F,", b",M,", 1))
    assert anew(study, read) == 1
    study.same()
    path.write_bytes(content)  # and the other bytes were not kept under its name
    assert anew(study, read) == 0
    study.same()


def test_a_kept_file_that_changes_while_it_is_looked_up_stops(study):
    study.run(study.cache)
    found = Validation(study.plan, study.exports, study.root, Kept(study.cache, depends_on(study.plan, study.root)))
    found.run()
    path = study.path("animals_1.csv")
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(Fault, match="not the registered file"):
        found.works["animals"].report([int(found.works["animals"].keys[0])], "range", "weight_g", "a weight")


def test_nothing_is_kept_but_declared_columns_places_and_counts(study):
    path = study.path("animals_1.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    text = "".join(f"{line},{'remark' if n == 0 else 'said so'}\n" for n, line in enumerate(lines))
    study.change("animals_1.csv", path.read_bytes().decode(), text)
    found = study.same()
    assert b"column_undeclared,data/raw/rat_batches/animals_1.csv" in found["findings.csv"]
    for file in study.cache.glob("*.parquet"):
        name = file.name.split(".")[1]
        names = ["key", "export", "part", "first_line", "last_line", "column"]
        declared = names if name == kept.PLACES else ["key", *(c.name for c in table_of(name).columns)]
        assert ParquetFile(file).schema_arrow.names == declared
    assert all(b"said so" not in file.read_bytes() for file in study.cache.glob("*.json"))
    assert study.same() == found


def test_many_parts_become_one_without_what_is_no_longer_there(study, read, monkeypatch):
    monkeypatch.setattr(kept, "PARTS", 2)
    study.run(study.cache)
    for batch in range(4, 8):
        study.add(batch)
        study.exports = study.exports[3:]
        assert anew(study, read) == 3
        assert len(list(study.cache.glob("*.@places.parquet"))) <= 2
    study.same()
    assert anew(study, read) == 0


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


def test_what_spans_files_is_not_kept():
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


def test_commands_that_validate_use_what_a_run_kept_and_add_nothing(study, read):
    before = list(study.exports)
    study.add(4)
    new = [replace(export, sha256="") for export in study.exports if export not in before]
    alone = findings_at(new, before, study.plan, study.root, before)
    assert len(read) == 12
    study.exports = before
    study.run(study.cache)
    files = {path: path.read_bytes() for path in study.cache.iterdir()}
    read.clear()
    assert findings_at(new, before, study.plan, study.root, before) == alone
    assert len(read) == 3
    assert {path: path.read_bytes() for path in study.cache.iterdir()} == files


def test_without_a_cache_nothing_is_kept(study):
    study.run("")
    assert not study.cache.exists()
    assert Reading(study.plan, study.exports, study.root).kept is None
