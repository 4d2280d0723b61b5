"""From a number back to its raw cells."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lineage_tree import COUNT, FIRST, MEAN, MISSING, build, export, overwrite, results, write
from omtrace import store
from omtrace.audit import layout
from omtrace.audit.trace import trace
from omtrace.cli import main
from omtrace.faults import Fault
from omtrace.model.register import write_register
from omtrace.provenance import manifest


@pytest.fixture
def tree(tmp_path, monkeypatch):
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_way_back_of_a_number(tree):
    way, sound = trace(f"results/tiny/estimates.csv#{MEAN}")
    assert sound and way["study"] == "tiny"
    assert way["name"] == "baseline · score · full · all · mean"
    assert way["estimate"]["value"] == "6" and way["estimate"]["definition"] == "d1"
    assert way["call"]["options"] == {"level": 0.95, "statistics": ["n", "mean"]}
    assert way["counts"] == {"records_used": 2, "units_used": 2, "left_out_by_reason": {"blank": 1}}
    assert [(r["unit"], r["parameter"], r["visit"], r["value"], r["role"]) for r in way["records"]] == [
        ("P1", "score", "", 4.5, "outcome"),
        ("P3", "score", "", 7.5, "outcome"),
    ]
    (out,) = way["left_out"]
    assert (out["unit"], out["reason"]) == ("P2", "blank")
    assert [(r["number"], r["first_line"]) for r in out["raw_rows"]] == [(7, 4)]
    first, second = way["files"]
    assert (first["number"], first["path"], first["is_same"]) == (7, "data/raw/tiny/scores_1.csv", True)
    assert first["registered"] == first["found"] and len(first["found"]) == 64
    (cell,) = first["cells"]
    assert (cell["key"], cell["first_line"], cell["last_line"]) == ("7:1", 2, 3)
    assert (cell["column"], cell["text"], cell["roles"], cell["records"]) == (
        "score",
        "4.5",
        ["value"],
        ["P1 score"],
    )
    assert [(c["key"], c["first_line"], c["text"]) for c in second["cells"]] == [("9:1", 2, "7.5")]


def test_a_number_that_stands_for_a_word_is_shown_with_it(tree):
    way, _ = trace(f"tiny#{MEAN}")
    assert "reads" not in layout.way_text(way)
    way["estimate"] |= {"statistic": "plate_verdict", "value": "1"}
    assert "  reads       accepted with flags\n" in layout.way_text(way)


def test_a_cell_that_is_empty_is_an_empty_cell(tree):
    way, sound = trace(f"tiny#{MISSING}")
    assert sound and way["files"][0]["cells"][0]["text"] == ""
    assert "(empty)" in layout.way_text(way) and way["left_out"] == []


@pytest.mark.parametrize(
    "text",
    [
        MEAN,
        f"#{MEAN}",
        "012345",
        "01234",
        f"#{MEAN[:5]}",
        f"tiny#{MEAN}",
        f"tiny/#{MEAN}",
        f"results/tiny#{MEAN}",
        f"estimates.csv#{MEAN}",
        f"./results/tiny/report.html#{MEAN}",
        f"tiny/figures/spread.svg#{MEAN}",
        f"figures/spread.png#{MEAN[:4]}",
        "figures/spread.png#0",
    ],
)
def test_all_ways_to_name_a_number(tree, text):
    assert trace(text)[0]["estimate"]["id"] == MEAN


def test_an_absolute_path_names_a_number(tree):
    assert trace(f"{tree}/results/tiny/report.html#{MEAN}")[0]["estimate"]["id"] == MEAN


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("tiny", [MEAN, COUNT, MISSING]),
        ("results/tiny/estimates.csv", [MEAN, COUNT, MISSING]),
        ("tiny/report.html", [MEAN, COUNT]),
        ("figures/spread.svg", [MEAN]),
        ("results/tiny/figures/spread.png", [MEAN]),
        ("tiny/rowsets.parquet", [MEAN, COUNT, MISSING]),
    ],
)
def test_numbers_of_a_result(tree, text, ids):
    found, sound = trace(text)
    assert sound and [number["id"] for number in found["numbers"]] == ids
    shown = layout.listing(found)
    assert all(i in shown for i in ids) and f": {len(ids)} number" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("#0123456789aa", ["there is no number", MEAN]),
        ("0123", ["begins 2 ids", MEAN, COUNT]),
        ("tiny#", ["there is no number"]),
        ("#", ["there is no number"]),
        ("", ["'': not the name of a file"]),
        ("tinny", ["no study or result tinny", "did you mean tiny?"]),
        ("tiny/reprot.html", ["tiny has no result reprot.html; did you mean report.html?"]),
        (f"figures/spread.svg#{COUNT}", ["there is no number", "tiny figures/spread.svg"]),
        ("tiny/../tiny/report.html", ["no result"]),
        ("/etc/passwd", ["not below results/"]),
    ],
)
def test_unknown_addresses_say_what_there_is(tree, capsys, text, says):
    assert main(["trace", text]) == 1
    error = capsys.readouterr().err
    assert all(part in error for part in says), error
    assert all(line.startswith("omtrace: ") for line in error.splitlines())


def test_several_studies_and_none(tree, capsys):
    results(tree / "results/second")
    write(tree, "config/studies/second.yaml", "study: second\n")
    assert main(["trace", MEAN]) == 1
    assert "second: baseline" in capsys.readouterr().err
    assert main(["trace", "estimates.csv"]) == 1
    assert "second, tiny have it" in capsys.readouterr().err
    assert trace("second")[0]["study"] == "second"
    for study in ("tiny", "second"):
        (tree / f"results/{study}/estimates.csv").unlink()
    assert main(["trace", "tiny"]) == 1
    assert "no results yet; run snakemake" in capsys.readouterr().err


def test_a_changed_raw_file_is_said_loudly(tree, capsys):
    overwrite(tree / "data/raw/tiny/scores_1.csv", FIRST.replace(b"4.5", b"9.5"))
    assert main(["trace", MEAN]) == 1
    out = capsys.readouterr().out
    assert out.startswith("!!! RAW FILE CHANGED: data/raw/tiny/scores_1.csv") and "THE TEXTS ARE NOT SHOWN" in out
    assert "9.5" not in out and "7.5" in out
    way, sound = trace(MEAN)
    assert not sound and [file["is_same"] for file in way["files"]] == [False, True]
    (tree / "data/raw/tiny/scores_1.csv").unlink()
    assert main(["trace", MEAN]) == 1
    assert "!!! RAW FILE MISSING: data/raw/tiny/scores_1.csv" in capsys.readouterr().out


def test_a_number_that_left_the_register_is_said_loudly(tree, capsys):
    register = tree / "config/exports.csv"
    register.write_text(
        "\n".join(line for line in register.read_text().splitlines() if not line.startswith("7,")) + "\n"
    )
    assert main(["trace", MEAN]) == 1
    assert "!!! RAW FILE NOT REGISTERED: number 7" in capsys.readouterr().out


def test_cells_that_records_share_are_found(tree):
    files = trace(MEAN)[0]["files"]
    path = tree / "results/tiny/datasets/people.cells.parquet"
    record, key, column, role = store.read_columns(path).values()
    shared = {"record": [-1, *record], "key": [key[2], *key[:2], -1], "column": [column[2], *column[:2], ""]}
    store.write_table(path, {**shared, "role": [*role, role[2]]})
    assert trace(MEAN)[0]["files"] == files and files[1]["cells"][0]["records"] == ["P3 score"]


def test_a_cell_that_is_not_in_the_file_is_a_fault(tree, capsys):
    path = tree / "results/tiny/datasets/people.cells.parquet"
    cells = store.read_columns(path)
    store.write_table(path, {**cells, "column": ["other"] * 3})
    assert main(["trace", MEAN]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and "no cell for key 7:1, column other" in captured.err


@pytest.mark.parametrize(
    "path",
    [
        "estimates.csv",
        "definitions.json",
        "rowsets.parquet",
        "datasets/people.parquet",
        "datasets/people.cells.parquet",
        "validated/places.parquet",
    ],
)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[]", b"PAR1garbagePAR1", None])
def test_damaged_results_are_faults(tree, capsys, path, content):
    file = tree / "results/tiny" / path
    file.unlink() if content is None else file.write_bytes(content)
    assert main(["trace", f"tiny#{MEAN}"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("omtrace: ")


@pytest.mark.parametrize("path", ["rowsets", "datasets/people", "datasets/people.cells", "validated/places"])
def test_results_that_do_not_fit_together_are_faults(tree, capsys, path):
    file = tree / f"results/tiny/{path}.parquet"
    columns = store.read_columns(file)
    store.write_table(file, {name: values[:0] for name, values in columns.items()})
    if path == "datasets/people.cells":
        assert trace(MEAN)[0]["files"] == []  # a record of nobody's cells is possible
    else:
        assert main(["trace", MEAN]) == 1
        assert "run snakemake again" in capsys.readouterr().err
    store.write_table(file, {"odd": [1]})
    assert main(["trace", MEAN]) == 1
    assert "no column" in capsys.readouterr().err


def test_json_is_the_same_and_can_be_read(tree, capsys):
    assert main(["trace", MEAN, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == trace(MEAN)[0]
    assert main(["trace", "tiny", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["numbers"]) == 3


def test_text_has_the_whole_way_within_100_columns(tree):
    text = layout.way_text(trace(MEAN)[0])
    for part in (
        "6",
        "options.statistics  n, mean",
        "blank",
        "[7] data/raw/tiny/scores_1.csv",
        "2–3",
        "4.5",
        "7.5",
    ):
        assert part in text, part
    assert max(map(len, text.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_of_several_parameters_the_text_shows_the_numbers_own(tree):
    path = tree / "results/tiny/definitions.json"
    call = {"parameters": {"score": {"unit": "points"}, "other": {"unit": "days"}}, "steps": [{"a": 1}, {"a": 2}]}
    store.write_json(path, {"d1": call})
    way, _ = trace(MEAN)
    text = layout.way_text(way)
    assert way["call"] == call and "parameters.score.unit  points" in text and "days" not in text
    assert "steps.2.a" in text
    store.write_json(path, {"d1": "odd"})
    assert "call  odd" in layout.way_text(trace(MEAN)[0])


def test_long_and_hostile_texts_are_wrapped_and_escaped():
    long = "word " * 60 + "\x1b[2J\n" + "x" * 150
    lines = layout.table(("a", "b"), [("1", long), ("2", "short")])
    assert max(map(len, lines)) <= 100 and all(line.isprintable() for line in lines)
    joined = "".join("".join(lines).split())
    assert "x" * 150 in joined and "\\x1b[2J\\n" in joined
    assert max(map(len, layout.fields([("name", long)]))) <= 100


def test_wide_tables_still_fit():
    row = ["n" * 30] * 9
    assert max(map(len, layout.table([str(i) for i in range(9)], [row]))) <= 100


def test_trace_of_a_large_study(tree):
    """400 units, 300 row sets, five cells a record of which four are shared."""
    units, sets = 400, 300
    folder = tree / "results/tiny"
    (folder / "manifest.json").unlink(missing_ok=True)  # these results are made by hand
    content = b"unit_id,score\n" + b"".join(b"U%d,%d\n" % (i, i) for i in range(units))
    key = (7 << 32) + 1
    store.write_table(
        folder / "validated/places.parquet",
        {
            "key": [key + i for i in range(units)],
            "export": ["e"] * units,
            "part": [""] * units,
            "first_line": list(range(2, units + 2)),
            "last_line": list(range(2, units + 2)),
            "column": [""] * units,
        },
    )
    store.write_table(
        folder / "datasets/people.parquet",
        {
            "record": list(range(1, units + 1)),
            "unit": [f"U{i}" for i in range(units)],
            "parameter": ["score"] * units,
            "visit": [""] * units,
            "value": [float(i) for i in range(units)],
            "text": [None] * units,
            "status": ["observed"] * units,
        },
    )
    store.write_table(
        folder / "datasets/people.cells.parquet",
        {
            "record": [r for r in range(1, units + 1) for _ in range(5)],
            "key": [k for i in range(units) for k in (key + i, key, key + 1, key + 2, key + 3)],
            "column": ["score"] * 5 * units,
            "role": ["value", *["standard"] * 4] * units,
        },
    )
    names = ["aa", "bb", *(f"set{i:013d}" for i in range(sets))]
    store.write_table(
        folder / "rowsets.parquet",
        {
            "rowset": [s for s in names for _ in range(units)],
            "dataset": ["people"] * units * len(names),
            "record": list(range(1, units + 1)) * len(names),
            "role": ["outcome"] * units * len(names),
            "reason": [""] * units * len(names),
        },
    )
    write(tree, "data/raw/tiny/scores_1.csv", content)
    write_register([export(7, "data/raw/tiny/scores_1.csv", content)], tree / "config/exports.csv")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    command = [sys.executable, "-m", "omtrace", "trace", MEAN, "--limit", "0"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "400 records" in done.stdout and f"7:{units}" in done.stdout


def test_without_results_or_arguments(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Fault, match="no results yet"):
        trace("tiny")
    assert main([]) == 0
    assert "register" in capsys.readouterr().out


def test_a_reader_that_leaves_early_and_a_narrow_encoding_bring_no_traceback(tree):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    command = [sys.executable, "-m", "omtrace", "trace", "tiny"]
    narrow = {**environment, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=narrow, check=False)
    assert done.returncode == 0 and "baseline \\xb7 score" in done.stdout and done.stderr == ""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, env=environment, check=False)
    assert done.returncode == 1 and done.stderr == b""


@pytest.mark.parametrize(
    "name",
    [
        "estimates.csv",
        "rowsets.parquet",
        "definitions.json",
        "validated/places.parquet",
        "datasets/people.parquet",
        "datasets/people.cells.parquet",
    ],
)
def test_every_result_that_a_trace_reads_is_compared_with_the_manifest(tree, capsys, name):
    """A file that still holds what the trace needs, but is not the one that was recorded."""
    manifest.record("tiny", tree)
    path = tree / "results/tiny" / name
    if name.endswith(".parquet"):
        columns = store.read_columns(path)
        store.write_table(path, {**columns, "added": [0] * len(next(iter(columns.values())))})
    else:
        path.write_bytes(path.read_bytes().replace(b",6,", b",7,", 1) + b"\n" * name.endswith(".json"))
    way, is_sound = trace(MEAN, tree)
    assert not is_sound and way["changed_results"] == [f"results/tiny/{name}"]
    assert main(["trace", MEAN]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"!!! RESULT CHANGED SINCE IT WAS MADE: results/tiny/{name}")


def test_without_a_manifest_there_is_nothing_to_compare_with(tree):
    (tree / "results/tiny/manifest.json").unlink()
    assert trace(MEAN, tree)[0]["changed_results"] == []


def test_what_a_run_read_as_delimited_text_needs_no_plan(tree, capsys):
    before = trace(MEAN)
    decisions = {f"data/raw/tiny/scores_{n}.csv": {"reader": "delimited"} for n in (1, 2)}
    store.write_json(tree / "results/tiny/validated/decisions.json", decisions)
    manifest.record("tiny", tree)
    code = (
        "import json, sys; from omtrace.audit.trace import trace;"
        f"print(json.dumps([trace({MEAN!r}), sorted({{'yaml', 'pydantic', 'pyarrow.compute'}} & set(sys.modules))]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert json.loads(done.stdout) == [list(before), []]
    (tree / "config/studies/tiny.yaml").unlink()
    assert trace(MEAN) == before
    store.write_json(tree / "results/tiny/validated/decisions.json", {})  # not as recorded: the plan says how to read
    assert main(["trace", MEAN]) == 1
    assert "there is no such plan" in capsys.readouterr().err


TABLES = {"scores": {"source": "", "reader": "delimited", "options": {"delimiter": ";", "header_line": 2}, "wide": {}}}
SEMICOLONS = b'export of today\nunit_id;score;remark\nP1;4.5;"a,b"\nP2;;none\n'


def test_other_files_are_read_as_the_run_recorded_it_without_the_plan(tree, capsys):
    """By the stage file of the validation, as long as it is the one in the manifest."""
    write(tree, "data/raw/tiny/scores_1.csv", SEMICOLONS)
    write(tree, "data/raw/tiny/scores_2.csv", b"export of today\nunit_id;score;remark\nP3;7.5;-\n")
    rows = [
        export(n, f"data/raw/tiny/scores_{i}.csv", (tree / f"data/raw/tiny/scores_{i}.csv").read_bytes())
        for n, i in ((7, 1), (9, 2))
    ]
    write_register(rows, tree / "config/exports.csv")
    store.write_json(tree / "results/tiny/stages/validate.json", {"plan": {"tables": TABLES}})
    manifest.record("tiny", tree)
    (tree / "config/studies/tiny.yaml").unlink()
    code = (
        "import json, sys; from omtrace.audit.trace import trace;"
        f"print(json.dumps([trace({MEAN!r}), sorted({{'yaml', 'omtrace.model.plan'}} & set(sys.modules))]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    (way, is_sound), imported = json.loads(done.stdout)
    assert is_sound and imported == []
    assert [(c["key"], c["text"]) for file in way["files"] for c in file["cells"]] == [("7:1", "4.5"), ("9:1", "7.5")]
    store.write_json(tree / "results/tiny/stages/validate.json", {"plan": {"tables": TABLES}, "edited": True})
    assert main(["trace", MEAN]) == 1
    assert "there is no such plan" in capsys.readouterr().err


REDCAP = b"""record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,score,scores_complete
1,baseline_arm_1,,,4.5,2
1,month_1_arm_1,,,,0
2,baseline_arm_1,scores,1,"7,5",2

3,baseline_arm_1,too,few
3,baseline_arm_1,,,1,1
"""


def test_raw_cells_of_redcap_are_those_of_its_reader():
    from omtrace.readers.lookup import plain_cells
    from omtrace.readers.redcap import READER

    extract = READER.read(REDCAP, READER.options())
    row = export(4, "data/raw/tiny/redcap.csv", REDCAP)
    wanted = {
        ((4 << 32) + place.ordinal, column): text
        for place, texts in zip(extract.places, extract.rows, strict=True)
        for column, text in zip(extract.columns, texts, strict=True)
    }
    decided = extract.decisions | {"reader": "redcap"}
    assert len(wanted) == 24 and decided["dictionary"] == "none" and len(extract.faults) == 1
    for change, count in (
        ({}, 24),
        ({"dictionary": "10 fields"}, 0),
        ({"values": "labels, read back by the dictionary"}, 0),
        ({"events": "labels, read back by the events file"}, 0),
        ({"delimiter": "comma (by option)"}, 0),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("omtrace.readers.lookup.check_registered", lambda *_: None)
            patch.setattr(Path, "read_bytes", lambda _: REDCAP)
            cells = plain_cells({row.path: decided | change}, [row], wanted)
        assert cells == (wanted if count else {})
