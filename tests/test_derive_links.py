"""The cells behind records as one table: each once, in order, whatever register numbers and ordinals are."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from omtrace.provenance.cells import Cells
from omtrace.provenance.keys import LIMIT, key_of
from omtrace.provenance.links import Links

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
