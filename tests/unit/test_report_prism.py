"""Values as a file of GraphPad Prism: all of them, in the column of their group, and read back as they were."""

import pytest
from omtrace.faults import Fault
from omtrace.readers import options_of, reader_of
from omtrace.report import prism
from omtrace.report.prism import Table, export_prism, written
from omtrace.report.share import numbers_for
from omtrace.store import read_table

READER = reader_of("prism")


def rows(content, table):
    return list(READER.read(content, options_of(READER, {"table": table}, "options")).records())


@pytest.fixture(scope="module")
def root(tiny_twins):
    return tiny_twins[0][0]


def test_every_number_of_the_data_sets_stands_in_the_column_of_its_group_and_the_row_of_its_visit(root, tmp_path):
    path = export_prism("tiny", tmp_path / "tiny.pzfx", root)
    assert path.stat().st_mode & 0o007 == 0  # values of people
    content, plan = path.read_bytes(), numbers_for("tiny", root).plan
    records = read_table(root / "results/tiny/datasets/participants.parquet")
    dataset = plan.datasets["participants"]
    arm = records[records["parameter"] == dataset.group].set_index("unit")["text"]
    found = 0
    for parameter, entry in dataset.parameters.items():
        of = records[(records["parameter"] == parameter) & records["value"].notna()]
        if of.empty:
            continue
        title = f"{entry.label} ({entry.unit})" if entry.unit else entry.label
        title = title if len(plan.datasets) == 1 else f"{dataset.unit}: {title}"
        there = sorted((group, visit, float(value)) for group, _, visit, _, _, value, _ in rows(content, title))
        wanted = sorted(
            (dataset.groups[arm[row.unit]], dataset.visits.get(row.visit, ""), row.value) for row in of.itertuples()
        )
        assert there == wanted
        found += len(wanted)
        if wanted[0][1]:  # the values of a unit share a subcolumn
            places = {(g, place): {} for g, _, _, _, place, _, _ in rows(content, title)}
            for g, _, visit, _, place, value, _ in rows(content, title):
                places[g, place][visit] = float(value)
            units = [
                {dataset.visits[row.visit]: row.value for row in of[of["unit"] == unit].itertuples()}
                for unit in of["unit"].unique()
            ]
            assert sorted(map(str, places.values())) == sorted(map(str, units))
    assert found == records["value"].notna().sum() > 20
    assert export_prism("tiny", tmp_path / "again.pzfx", root).read_bytes() == content


def test_it_is_not_shared_and_needs_numbers(root, tmp_path):
    with pytest.raises(Fault, match="cannot be shared"):
        export_prism("tiny", tmp_path / "no.pzfx", root, share=True)
    assert not (tmp_path / "no.pzfx").exists()


def test_marks_of_xml_blank_cells_and_columns_of_unlike_length_are_kept():
    grouped = Table(
        "Weight <g> & more", ("day 1", "day > 2"), {"A & B": [["1.5", ""], ["", "2"]], "C": [["3", "4"]]}, 1
    )
    column = Table("Once", (), {"A": [["1", "2", "3"]], "B": [["-0.25"]]}, 2)
    content = written('A "title" & <more>', "Simulated.", (grouped, column))
    assert [row[:6] for row in rows(content, grouped.title)] == [
        ("A & B", "1", "day 1", "", "1", "1.5"),
        ("A & B", "2", "day > 2", "", "2", "2"),
        ("C", "1", "day 1", "", "1", "3"),
        ("C", "2", "day > 2", "", "1", "4"),
    ]
    assert [(row[0], row[5]) for row in rows(content, "Once")] == [("A", "1"), ("A", "2"), ("A", "3"), ("B", "-0.25")]


def test_a_file_that_is_read_back_otherwise_is_not_written(monkeypatch):
    monkeypatch.setattr(prism, "escape", lambda text: text.replace("A", "B"))
    with pytest.raises(AssertionError, match="not read back"):
        written("title", "", (Table("Once", (), {"A": [["1"]]}, 1),))


def test_more_units_than_a_row_of_prism_holds_are_column_tables_for_each_visit(root, tmp_path, monkeypatch):
    monkeypatch.setattr(prism, "MOST_SUBCOLUMNS", 2)
    content = export_prism("tiny", tmp_path / "tiny.pzfx", root).read_bytes()
    titles = {table for table in content.decode().split("<Title>") if ", Baseline</Title>" in table}
    assert titles and 'TableType="TwoWay"' not in content.decode()
