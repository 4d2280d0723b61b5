"""The one writer: rounding, bytes, classes, cells that are no formulas, files that are whole or not there."""

import csv
import json
import math
import os
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pandas
import pyarrow.parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from omtrace import store
from omtrace.classes import CLASSES, class_of

FINITE = st.floats(-1e300, 1e300)


# rounding


@given(FINITE)
@example(0.1 + 0.2)
@example(123456.78905)
def test_a_stored_float_is_the_nearest_of_ten_significant_digits_on_a_grid_of_1e_12(value):
    kept = store.stored(value)
    exponent = math.floor(math.log10(abs(value))) if value else 0
    unit = Decimal(10) ** max(exponent - 9, -12)
    assert abs(Decimal(kept) - Decimal(value)) <= unit * Decimal("0.500001")
    assert store.stored(kept) == kept


@given(st.floats(1e-3, 1e9), st.floats(-1e-14, 1e-14))
def test_the_last_bits_of_a_sum_do_not_reach_a_file_again(value, noise):
    kept = store.stored(value)
    assert store.stored(kept * (1 + noise)) == kept


@pytest.mark.parametrize("value", [0.0, -0.0, 4e-13, -4e-13])
def test_what_is_nearly_zero_is_zero_without_a_sign(value):
    kept = store.stored(value)
    assert kept == 0 and math.copysign(1, kept) == 1
    assert store.number_text(value) == "0"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_no_number_is_empty_text_and_a_dash_for_people(value):
    assert store.number_text(value) == ""
    if value is not None:
        assert math.isnan(store.stored(value))
        assert store.display(value, 2) == "–"


@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=False),
            st.integers(-(10**14), 10**14).flatmap(lambda n: st.integers(0, 25).map(lambda d: (n + 0.5) / 10**d)),
            st.integers(-(10**6), 10**6).map(lambda n: n / 10**4),
        ),
        max_size=20,
    )
)
@example([0.0, -0.0, math.inf, 5e-324, 1e13, 9.9999999999995, 999999999999.95, 1e22, 1e23, 0.00030000000000005])
def test_floats_of_a_table_are_those_that_their_text_of_13_digits_names(values):
    wanted = [(float(f"{value:.13g}") + 0.0).hex() for value in values]
    assert [value.hex() for value in store.kept(values).tolist()] == wanted


@given(FINITE)
def test_a_number_reads_back_from_its_text(value):
    assert float(store.number_text(value)) == store.stored(value)


@given(FINITE, st.integers(0, 6))
@example(0.125, 2)
@example(-0.125, 2)
@example(2.675, 2)
@example(1e300, 6)
@example(0.5, 0)
def test_display_rounds_half_away_from_zero_in_exact_decimal(value, decimals):
    with localcontext(prec=400):
        exact = Decimal(store.number_text(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    shown = store.display(value, decimals)
    assert Decimal(shown.replace("−", "-")) == exact
    assert len(shown.partition(".")[2]) == decimals
    assert "-" not in shown and (exact != 0 or not shown.startswith("−"))


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [(0.5, 0, "1"), (-0.5, 0, "−1"), (1.005, 2, "1.01"), (-0.004, 2, "0.00"), ("", 1, "–"), ("-2.25", 1, "−2.3")],
)
def test_display_examples(value, decimals, shown):
    assert store.display(value, decimals) == shown


# tables


def frame():
    return pandas.DataFrame(
        {
            "key": pandas.array([4294967297, 4294967298, 4294967299], dtype="int64"),
            "count": pandas.array([1, None, 3], dtype="Int64"),
            "value": [1.23456789012345, math.nan, -1e-15],
            "text": pandas.array(["a", None, "Ω\n"], dtype="str"),
            "nothing": [None, None, None],
        }
    )


def test_a_table_is_the_same_bytes_twice_and_says_nothing_of_the_library_that_made_it(tmp_path):
    for name in ("one", "two"):
        store.write_table(tmp_path / name, frame())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    file = pyarrow.parquet.ParquetFile(tmp_path / "one")
    assert file.schema_arrow.metadata is None and file.metadata.metadata is None
    assert [str(t) for t in file.schema_arrow.types] == ["int64", "int64", "double", "string", "string"]


def test_a_table_reads_back_with_13_digits_and_exact_keys(tmp_path):
    store.write_table(tmp_path / "t", frame())
    read = store.read_table(tmp_path / "t")
    assert read["key"].tolist() == frame()["key"].tolist()
    assert read["value"].tolist()[::2] == [1.234567890123, -1e-15] and math.isnan(read["value"][1])
    assert read["text"].tolist()[::2] == ["a", "Ω\n"] and pandas.isna(read["text"][1])
    columns = store.read_columns(tmp_path / "t")
    assert columns["count"] == [1, None, 3] and columns["value"] == [1.234567890123, None, -1e-15]


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_what_later_steps_compute_with_keeps_the_digits_of_an_estimate(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("table") / "t"
    store.write_table(path, {"value": values})
    kept = store.read_columns(path)["value"]
    assert kept == pytest.approx(values, rel=5.1e-13, abs=0)
    store.write_table(path, {"value": kept})
    assert store.read_columns(path)["value"] == kept


def test_plain_lists_are_a_table_too(tmp_path):
    store.write_table(tmp_path / "t", {"a": [1, 2], "b": ["x", None]})
    assert store.read_columns(tmp_path / "t") == {"a": [1, 2], "b": ["x", None]}


# CSV


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@x", "\t=1", "\r=1", "\n=1", "-2+3", "=", "'=1", "-inf", "+nan"])
def test_no_cell_begins_like_a_formula(tmp_path, text):
    store.write_csv(tmp_path / "t.csv", ["a"], [[text]])
    with open(tmp_path / "t.csv", encoding="utf-8", newline="") as file:
        (_, (written,)) = csv.reader(file)
    assert written == "'" + text
    assert store.read_csv(tmp_path / "t.csv") == [{"a": text}]


@pytest.mark.parametrize("text", ["-1", "+1.5", "-1e-05", "a=b", "", "'", "'a", "–3"])
def test_numbers_and_plain_texts_stay_as_they_are(text):
    assert store.safe_cell(text) == text


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2))
@example(["''=1", "'-1"])
def test_read_csv_gives_the_texts_that_write_csv_got(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    store.write_csv(path, ["a", "b"], [texts])
    assert store.read_csv(path) == [dict(zip("ab", texts, strict=True))]


def test_cells_of_other_kinds(tmp_path):
    store.write_csv(tmp_path / "t.csv", ["a", "b", "c", "d"], [[None, 0.1 + 0.2, 7, math.nan]])
    assert (tmp_path / "t.csv").read_bytes() == b"a,b,c,d\n,0.3,7,\n"


# files


TEXT = st.text(st.characters(codec="utf-8"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(TEXT, inner)))
def test_json_is_as_the_standard_library_indents_it(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "a"
    store.write_json(path, value)
    assert path.read_bytes() == (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def test_json_has_sorted_keys_and_refuses_nan(tmp_path):
    store.write_json(tmp_path / "a", {"b": [1, "µ"], "a": None})
    assert (tmp_path / "a").read_text(encoding="utf-8") == '{\n "a": null,\n "b": [\n  1,\n  "µ"\n ]\n}\n'
    assert store.read_json(tmp_path / "a") == {"b": [1, "µ"], "a": None}
    with pytest.raises(ValueError):
        store.write_json(tmp_path / "b", math.nan)
    assert not (tmp_path / "b").exists()


def test_a_file_is_replaced_whole_and_nothing_else_stays(tmp_path):
    for content in (b"first, and longer", b"second"):
        store.write_bytes(tmp_path / "deep" / "file", content)
    assert (tmp_path / "deep" / "file").read_bytes() == b"second"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["file"]


@pytest.fixture(params=[0o022, 0o027, 0o077, 0o002, 0o000], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("results/tiny/estimates.csv", 0o666),
        ("results/tiny/manifest.json", 0o666),
        ("results/tiny/dictionary/dictionary.csv", 0o666),
        ("config/exports.csv", 0o666),
        ("data/history/tiny/0123.csv.gz", 0o666),
        ("results/tiny/report.html", 0o640),
        ("results/tiny/datasets/people.parquet", 0o640),
        ("results/tiny/figures/means.svg", 0o640),
        ("logs/tiny/findings.csv", 0o640),
        ("logs/tiny/queries.xlsx", 0o640),
        ("logs/tiny/versions/1-2.csv", 0o640),
        ("data/raw/tiny/plate.txt", 0o640),
        ("data/queries/tiny.jsonl", 0o640),
        ("results/logs/estimates.csv", 0o666),
        ("logs/results/findings.csv", 0o640),
    ],
)
def test_files_follow_the_umask_and_confidential_ones_are_closed_to_others(tmp_path, umask, path, most):
    for _ in range(2):  # a file that is replaced as well
        store.write_bytes(tmp_path / path, b"x")
        assert (tmp_path / path).stat().st_mode & 0o777 == most & ~umask


@pytest.mark.parametrize("fails", ["replace", "fdopen"])
def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, fails):
    store.write_bytes(tmp_path / "file", b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, fails, fail)
    with pytest.raises(OSError, match="disk full"):
        store.write_bytes(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


# classes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("estimates.csv", "releasable"),
        ("definitions.json", "releasable"),
        ("manifest.json", "releasable"),
        ("findings.csv", "confidential"),
        ("report.html", "confidential"),
        ("figures/means.svg", "confidential"),
        ("rowsets.parquet", "confidential"),
        ("datasets/participants.parquet", "confidential"),
        ("datasets/participants.cells.parquet", "confidential"),
        ("validated/hit6.parquet", "confidential"),
        ("validated/conservation.csv", "confidential"),
        ("anything/else", "confidential"),
    ],
)
def test_a_file_is_confidential_unless_it_is_named_releasable(name, kind):
    assert class_of(name) == kind


def test_every_file_of_the_design_page_has_a_class():
    assert CLASSES[-1] == ("*", "confidential")
    assert {kind for _, kind in CLASSES} == {"releasable", "confidential"}


def test_rows_that_begin_otherwise_are_left_out(tmp_path):
    rows = [("aa1", "x"), ("ab2", "y, z"), ("aa3", "'"), ("ac4", "\naa,"), ("bb5", "aa")]
    store.write_csv(tmp_path / "t.csv", ("id", "text"), rows)
    every = [dict(zip(("id", "text"), row, strict=True)) for row in rows]
    assert store.read_csv(tmp_path / "t.csv") == every
    assert store.read_csv(tmp_path / "t.csv", "aa") == [every[0], every[2]]
    assert store.read_csv(tmp_path / "t.csv", "ab") == [every[1]]
    assert store.read_csv(tmp_path / "t.csv", "c") == []


@pytest.mark.parametrize(
    ("value", "text"), [(3.1859875e-11, "3.1859875e-11"), (-2e-300, "-2e-300"), (0.5, "0.5"), (0, "0")]
)
def test_numbers_of_something_very_small_keep_their_digits(value, text):
    assert store.fine_text(value) == text
