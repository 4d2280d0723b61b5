"""The study of many assay batches: whole plates, and a larger study that holds the smaller one."""

import csv

from omtrace.cli import main
from omtrace.readers import reader_of
from omtrace.simulate import batches, simulate


def rows(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_a_batch_is_a_whole_plate_of_animals_in_duplicate(tmp_path):
    simulate(tmp_path, of_batches=2)
    folder = tmp_path / batches.STUDY
    wells = rows(folder / "layout_2.csv")
    assert len({row["well"] for row in wells}) == len(wells) == 96
    rats = [row["animal_id"] for row in rows(folder / "animals_2.csv")]
    assert sorted([*rats, *rats]) == sorted(row["sample"] for row in wells if row["role"] == "sample")
    assert sum(row["role"] == "standard" for row in wells) == 18
    reader = reader_of("softmax")
    extract = reader.read((folder / "plate_2.txt").read_bytes(), reader.options(part="signals"))
    assert {row[1] for row in extract.rows} == {row["plate"] for row in wells} and len(extract.rows) == 2 * 96


def test_a_cage_has_one_treatment_and_both_models(tmp_path):
    cages = {}
    for row in batches.animals(3):
        cages.setdefault(row["cage_id"], []).append((row["treatment"], row["model"]))
    assert all(
        len({t for t, _ in pair}) == 1 and {m for _, m in pair} == set(batches.MODELS) for pair in cages.values()
    )


def test_a_larger_study_holds_the_smaller_one(tmp_path, capsys):
    assert main(["simulate", "--batches", "1", str(tmp_path)]) == 0
    assert "3 simulated files" in capsys.readouterr().out
    before = {path: path.read_bytes() for path in (tmp_path / batches.STUDY).iterdir()}
    simulate(tmp_path, of_batches=2)
    assert all(path.read_bytes() == content for path, content in before.items())
