"""The cells behind records as one table: each once, in order, whatever register numbers and ordinals are."""

import numpy
import pyarrow
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omtrace.provenance.cells import Cells
from omtrace.provenance.columns import Column
from omtrace.provenance.contents import Contents
from omtrace.provenance.keys import LIMIT, key_of
from omtrace.provenance.links import Links, written_out

NUMBERS = st.integers(1, 3) | st.integers(1, (LIMIT >> 1) - 1)
ORDINALS = st.integers(1, 5) | st.integers(1, LIMIT - 1)
KEYS = st.builds(key_of, NUMBERS, ORDINALS)
CELL = st.tuples(st.integers(0, 4), KEYS, st.sampled_from(["b", "a", "c"]), st.sampled_from(["value", "layout"]))
WIDEST = [(0, key_of((LIMIT >> 1) - 1, LIMIT - 1), "a", "value"), (4, key_of(1, 1), "b", "value")]


@settings(deadline=None)
@given(st.lists(st.lists(CELL, max_size=12), min_size=1, max_size=3))
@example([WIDEST, WIDEST])
@example([[]])
def test_links_are_the_distinct_cells_in_order(parameters):
    links, expected = Links(frozenset()), set()
    for n, cells in enumerate(parameters):
        rows = {("unit", str(row)): row for row in range(5)}
        links.add(Cells.of_tuples([("unit", str(row), *rest) for row, *rest in cells], rows), 1 + 5 * n)
        expected |= {(1 + 5 * n + row, role, key, column) for row, key, column, role in cells}
    found = links.frame()
    assert list(zip(found["record"], found["role"], found["key"], found["column"], strict=True)) == sorted(expected)


def test_repaired_cells_say_so():
    links = Links(frozenset({(7, "a")}))
    links.add(Cells.of([0, 1, 1], [7, 7, 8], "a"), 1)
    links.add(Cells.of([0], [7], "b"), 3)
    found = links.frame()
    assert found["role"].tolist() == ["value, repaired", "value", "value, repaired", "value"]


COUNT = 6  # records of a parameter
SET = st.lists(st.tuples(KEYS, st.sampled_from(["a", "b"]), st.sampled_from(["standard", "value"])), max_size=6)
SHARED = st.lists(SET, min_size=1, max_size=3)
OWN = st.tuples(st.integers(0, COUNT - 1), KEYS, st.sampled_from(["a", "b"]), st.sampled_from(["layout", "value"]))
NAMED = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, 2)), max_size=8)


def cells_of(cells):
    """Cells from (row, key, column, role)."""
    return Cells.of_tuples(
        [("", str(row), *rest) for row, *rest in cells], {("", str(row)): row for row in range(COUNT)}
    )


def as_frame(parameters, shares):
    """The cells of parameters, each of own cells and a list of sets with who names them; shared, or copied for each."""
    links = Links(frozenset({(1 << 32, "a"), (3 << 32 | 2, "b")}))
    for n, (own, sets, named) in enumerate(parameters):
        pool = cells_of([(number, *cell) for number, cells in enumerate(sets) for cell in cells])
        named = [(row, number) for row, number in named if number < len(sets)]
        of, rows = [number for _, number in named], [row for row, _ in named]
        behind = pool.shared_by(of, rows) if shares else pool.behind(of, rows)
        once = Cells.joined([cells_of(own), behind])
        links.add(once.behind(range(COUNT), range(COUNT), "again") if n == 1 else once, 1 + COUNT * n)
        links.add(once, 1 + COUNT * (n + len(parameters)))  # another parameter with the same cells
    return links.frame()


def contents_of(cells, count):
    """The digest of each record."""
    columns = {}
    for start in range(1, count, COUNT):
        zeros = numpy.zeros(COUNT, dtype="int64")
        columns[f"x{start:03}", ""] = Column(
            numpy.arange(start, start + COUNT), zeros, zeros * numpy.nan, zeros - 1, numpy.array(["observed"]), zeros
        )
    return Contents("data", [f"u{n}" for n in range(COUNT)], columns, cells).digests(
        list(numpy.arange(count - 1)[:, None])
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(OWN, max_size=8), SHARED, NAMED), min_size=1, max_size=3))
def test_cells_that_records_share_are_the_same_as_copies_of_them(parameters):
    shared, copied = as_frame(parameters, True), as_frame(parameters, False)
    again = written_out(pyarrow.Table.from_pandas(shared, preserve_index=False)).to_pandas()
    assert again.astype({"column": "str", "role": "str"}).equals(copied.astype({"column": "str", "role": "str"}))
    count = 1 + 2 * COUNT * len(parameters)
    assert contents_of(shared, count) == contents_of(copied, count)
    some = numpy.arange(2, count, 3)
    part = written_out(pyarrow.Table.from_pandas(shared, preserve_index=False), some).to_pandas()
    assert part["key"].tolist() == copied.loc[copied["record"].isin(some), "key"].tolist()


def test_what_many_records_share_stands_in_the_table_once():
    pool = Cells.of([0] * 50 + [1] * 40, range(1 << 32, (1 << 32) + 90), "concentration", "standard")
    cells = Cells.joined(
        [Cells.of(range(20), range(2 << 32, (2 << 32) + 20), "signal"), pool.shared_by([0, 1] * 10, range(20))]
    )
    links = Links(frozenset())
    links.add(cells, 1)
    links.add(cells, 21)  # such as a part of the concentration
    found = links.frame()
    assert len(found) == 50 + 40 + 2 * (20 + 20)
    assert found["record"].tolist()[:90] == [-2] * 40 + [-1] * 50
    assert found[found["record"] == 21].to_numpy().tolist() == [
        [21, -1, "", "standard"],
        [21, 2 << 32, "signal", "value"],
    ]
