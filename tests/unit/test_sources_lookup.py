"""From keys back to raw cells and places."""

import hashlib
import inspect
import os
from pathlib import Path

import pytest
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.model.tables import TablePlan
from omtrace.provenance.keys import key_of
from omtrace.readers import reader_of
from omtrace.readers.lookup import QUICK, plain_cells, raw_cells, raw_places, recorded_ways
from test_sources_softmax import TWO

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")


class Folder:
    """A root with registered files, and the plan that reads them."""

    def __init__(self, root):
        self.root, self.exports, self.tables = root, [], {}

    def add(self, number, table, content, study="demo"):
        path = f"data/raw/{study}/file_{number}.csv"
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        rest = ("", "2020-01-01", sha256, "shipped", "", "", "")
        self.exports.append(Export(number, study, f"file_{number}", table, path, *rest))
        return file

    def table(self, name, reader="delimited", source="", **options):
        self.tables[name] = TablePlan(reader=reader, source=source, options=options)

    @property
    def plan(self):
        return Plan.model_construct(study="demo", tables=self.tables)

    def cells(self, *wanted):
        return raw_cells(self.plan, self.exports, wanted, self.root)

    def places(self, *keys):
        return raw_places(self.plan, self.exports, keys, self.root)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_cells_of_several_files_by_key_and_column(folder):
    folder.table("diary")
    folder.add(3, "diary", b"id,pain\na,1\nb,2\n")
    folder.add(7, "diary", b"id;pain\nc;3,5\nd;\n")
    wanted = [(key_of(3, 2), "pain"), (key_of(7, 1), "pain"), (key_of(7, 2), "pain"), (key_of(3, 2), "id")]
    assert folder.cells(*wanted) == dict(zip(wanted, ["2", "3,5", "", "b"], strict=True))
    assert folder.cells() == {}


def test_ordinals_skip_faulty_rows_which_have_a_place_but_no_cell(folder):
    folder.table("diary")
    folder.add(1, "diary", b'id,note\na,"x\ny"\nb\nc,z\n')
    assert folder.cells((key_of(1, 3), "note"), (key_of(1, 1), "note")) == {
        (key_of(1, 3), "note"): "z",
        (key_of(1, 1), "note"): "x\ny",
    }
    places = folder.places(key_of(1, 1), key_of(1, 2), key_of(1, 3))
    assert [(p.first_line, p.last_line) for p in places.values()] == [(2, 3), (4, 4), (5, 5)]
    with pytest.raises(Fault, match="no cell for key 1:2, column id"):
        folder.cells((key_of(1, 2), "id"))


def test_what_a_run_recorded_reads_as_the_checked_options_do(folder):
    folder.table("signals", "softmax", "plates", part="signals")
    file = folder.add(2, "plates", TWO)
    (way,) = recorded_ways(folder.tables).values()
    reader = reader_of("softmax")
    assert way.read(folder.exports[0], folder.root) == reader.read(file.read_bytes(), reader.options(part="signals"))
    wanted = [(key_of(2, 1), "signal")]
    ways = recorded_ways(folder.tables)
    assert raw_cells(folder.plan, folder.exports, wanted, folder.root, ways) == folder.cells(*wanted)


@pytest.mark.parametrize("name", QUICK)
def test_a_reader_without_its_model_has_the_defaults_of_the_model(name):
    (way,) = recorded_ways({"t": TablePlan(reader=name, options={})}).values()
    _, *given = inspect.signature(way.function).parameters.values()
    fields = reader_of(name).options.model_fields
    assert [parameter.name for parameter in given] == list(fields)
    for parameter, field in zip(given, fields.values(), strict=True):
        assert (parameter.default is parameter.empty) == field.is_required()
        assert field.is_required() or parameter.default == field.default


def test_one_file_read_in_two_ways(folder):
    folder.table("signals", "softmax", "plates", part="signals")
    folder.table("wells", "softmax", "plates", part="groups")
    folder.add(5, "plates", TWO)
    signals = reader_of("softmax").read(TWO, reader_of("softmax").options(part="signals"))
    cells = folder.cells((key_of(5, 1), "signal"), (key_of(5, 385), "concentration"), (key_of(5, 394), "value"))
    assert list(cells.values()) == [signals.rows[0][4], "1000", "1.999"]
    places = folder.places(key_of(5, 97), key_of(5, 386))
    assert places[key_of(5, 97)].column == "A1"
    assert places[key_of(5, 97)].part == "plate 1 Plate1 620"
    assert places[key_of(5, 386)].part == "plate 1 Plate1 Standards"


def test_tables_that_read_alike_read_once(folder, monkeypatch):
    from omtrace.readers import delimited, lookup

    calls = []
    reader = type(delimited.READER)(delimited.Options, lambda *a: calls.append(1) or delimited.read(*a))
    monkeypatch.setattr(lookup, "reader_of", lambda name: reader)
    for name in ("a", "b"):
        folder.table(name, source="both")
    folder.table("c", source="both", delimiter=",")
    folder.add(1, "both", b"id,x\na,1\n")
    assert folder.cells((key_of(1, 1), "x")) == {(key_of(1, 1), "x"): "1"}
    assert len(calls) == 2


def test_faults(folder):
    folder.table("diary")
    file = folder.add(1, "diary", b"id,pain\na,1\n")
    folder.add(2, "other", b"id,pain\na,1\n")
    folder.add(4, "diary", b"id,id\na,1\n")
    key = key_of(1, 1)
    with pytest.raises(Fault, match="no cell for key 1:9, column pain"):
        folder.cells((key_of(1, 9), "pain"))
    with pytest.raises(Fault, match="no cell for key 1:1, column pian"):
        folder.cells((key, "pian"))
    with pytest.raises(Fault, match="no place for key 1:2"):
        folder.places(key_of(1, 2))
    with pytest.raises(Fault, match="no export has the number of key 9:1"):
        folder.cells((key_of(9, 1), "pain"))
    with pytest.raises(Fault, match="file_2.csv: no table of the plan of demo"):
        folder.cells((key_of(2, 1), "pain"))
    with pytest.raises(Fault, match="file_4.csv: line 1: columns 1 and 2 have one name"):
        folder.cells((key_of(4, 1), "id"))
    file.write_bytes(b"id,pain\na,2\n")
    with pytest.raises(Fault, match="file_1.csv: not the registered file"):
        folder.cells((key, "pain"))
    file.unlink()
    with pytest.raises(Fault, match="file_1.csv: the file is missing"):
        folder.places(key)


def test_every_third_of_fifteen_thousand_rows(folder):
    folder.table("diary")
    folder.add(1, "diary", b"id,day,pain,sleep,dose,aura,note,x,y,z\n" + b"a1,2,3,4,5,6,seven,8,9,10\n" * 15_000)
    cells = folder.cells(*((key_of(1, n), "pain") for n in range(1, 15_001, 3)))
    assert len(cells) == 5000 and set(cells.values()) == {"3"}


def plain(folder, *wanted, **decisions):
    read = {export.path: {"reader": "delimited", "encoding": "UTF-8", **decisions} for export in folder.exports}
    return plain_cells(read, folder.exports, wanted, folder.root)


CONTENTS = [
    b"id,pain\na,1\nb,2\n",
    b"id;pain\r\na;3,5\r\n\r\nb;",
    b'id,pain\na,"x\ny, ""z"""\nb\nc, 1 \n',
    "id\tpain\ra\t\u00e9\r".encode("utf-16"),
    b"\n\nid,pain\na,1\n",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_cells_of_delimited_text_are_the_same_without_its_reader(folder, content):
    folder.table("diary")
    folder.table("again", source="diary")
    folder.add(3, "diary", content)
    wanted = [(key_of(3, n), column) for n in (3, 1, 2) for column in ("pain", "id", "pian")]
    try:
        rows = reader_of("delimited").read(content, reader_of("delimited").options())
    except Fault:
        with pytest.raises(Fault, match="file_3.csv: line 1: no column names"):
            plain(folder, *wanted)
    else:
        there = {(key_of(3, int(n)), column) for n in rows.places.ordinals for column in ("id", "pain")}
        assert plain(folder, *wanted) == folder.cells(*(cell for cell in wanted if cell in there))


@pytest.mark.parametrize(
    "decisions",
    [
        {"reader": "softmax"},
        {"reader": "delimited, redcap"},
        {"encoding": "utf-8 (by option)"},
        {"header line": "2 (by option)"},
    ],
)
def test_what_needs_its_reader_or_its_options_is_left_out(folder, decisions):
    folder.table("diary")
    folder.add(1, "diary", b"id;x\na;1\n")
    wanted = [(key_of(1, 1), "x"), (key_of(2, 1), "x")]
    assert plain(folder, *wanted) == {wanted[0]: "1"}
    assert plain(folder, *wanted, **decisions) == {} == plain_cells({}, folder.exports, wanted, folder.root)


def test_bytes_that_are_not_the_registered_ones_are_not_read_without_the_reader_either(folder):
    folder.table("diary")
    folder.add(1, "diary", b"id,x\na,1\n").write_bytes(b"id,x\na,2\n")
    with pytest.raises(Fault, match="file_1.csv: not the registered file"):
        plain(folder, (key_of(1, 1), "x"))


@needs_mirror
def test_real_diary(folder):
    folder.table("diary")
    folder.add(1, "diary", Path(MIRROR, "headache_diary/diary.csv").read_bytes())
    assert folder.cells((key_of(1, 1), "hatype"), (key_of(1, 4152), "sex"))[key_of(1, 1), "hatype"] == "Aura"
