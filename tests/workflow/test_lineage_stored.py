"""Rows of a stored table as plain lists."""

import subprocess
import sys
from pathlib import Path

import pytest
from omtrace import store
from omtrace.audit.stored import read_lists

COLUMNS = {"n": [1, 2, 3, 2], "text": ["a", "b", "", "a"], "value": [0.5, None, 1.5, 2.5], "gap": ["x", None] * 2}


@pytest.fixture
def path(tmp_path):
    store.write_table(tmp_path / "t.parquet", COLUMNS)
    return tmp_path / "t.parquet"


@pytest.mark.parametrize(("column", "among"), [("n", [2]), ("n", {3: "x", 1: "y"}), ("text", ["a", "c"]), ("n", [])])
def test_the_rows_are_those_of_the_arrow_table(path, column, among):
    table = store.read_rows(path, column, list(among), ["text", "value", "gap"])
    lists = read_lists(path, column, among, ["text", "value", "gap"])
    assert lists == {name: store.plain(table.column(name)) for name in table.column_names}


def test_a_column_that_is_not_there(path):
    assert read_lists(path, "n", [3], ["text", "odd"]) == {"n": [3], "text": [""]}
    with pytest.raises(ValueError, match="no column odd"):
        read_lists(path, "odd", [1], ["text"])


def test_what_takes_long_to_import_is_not_imported(path):
    code = (
        "import sys; from omtrace.audit.stored import read_lists;"
        f"read_lists({str(path)!r}, 'text', ['a'], ['n', 'value']);"
        "print([m for m in ('pandas', 'pyarrow.compute', 'pydantic') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root / "workflow", capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
