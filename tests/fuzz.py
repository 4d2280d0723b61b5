"""Damaged files by the thousand: each is read or refused. ``python fuzz.py READER --count 5000 [--first 0]``.

Every file follows from the reader's name and its own number, so that ``--first N --count 1`` repeats a failure.
A run is a process of its own, with a memory limit and a watchdog. Readers that start a process for each file get one
process here that answers all of them, by the same code; where it dies, the caller sees its exit code, as ever.
"""

import argparse
import contextlib
import faulthandler
import gzip
import io
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

from omtrace.faults import Fault
from omtrace.readers import Extract, _spreadsheet, reader_of, statistical

HANG = 60  # seconds of the wall: the machine may be busy with other tests
MEMORY = 4 * 2**30  # bytes of addresses, libraries included
SMALL = 1 << 16  # bytes of a part that is doubled or spliced in
BOMB = 8 * 2**20  # bytes that a bomb unpacks to
TOKENS = [
    b"\0",
    b'"',
    b'""',
    b"'",
    b",",
    b";",
    b"\t",
    b"|",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\r",
    b"\x0b",
    b"\x0c",
    b"\x1a",
    b"\x1b[2J",
    b"\x7f",
    b"\x85",
    b"\xa0",
    b"\xc3",
    b"\xc3\xa9",
    b"\xe2\x80\xa8",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"9" * 400,
    b"-1e999",
    b"NaN",
    b"\\",
    b"\\u0000",
    b"=1+1",
    b"x" * 3000,
    b"," * 3000,
    b"\n" * 3000,
    b'"\n' * 500,
    b"0x",
    b"1;2",
    b"2024-02-30",
    b" " * 500,
]
EXTREMES = (b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\xff" * 4, b"\0" * 8, b"\1\0")
NUMBERS = (b"0", b"1", b"2", b"-1", b"7.5e-7", b"99999", b"1048577", b"4294967296", b"9" * 30, b"A")
XML = (
    b"",
    b'"1048577"',
    b"99999999999",
    b"-1",
    b"A1:XFD1048576",
    b"<row r='1048576'>",
    b"<c r='ZZZ1'>",
    b"&amp;",
    b"&#0;",
    b"&#xD800;",
    b"_xD800_",
    b"<f>1</f>",
    b"<mergeCell ref='A1:B2'/>",
    b"</row>",
    b"<!-- ",
    b"]]>",
    b" hidden='1'",
    b" table:number-rows-repeated='1048576'",
    b" t='e'",
    b" t='d'",
    b" t='s'",
)
OF_READER = {
    "jsonlines": [
        b"[" * 5000,
        b'{"a":' * 5000,
        b"{",
        b"}",
        b"]",
        b"null",
        b'"\\ud800"',
        b'{"":1}',
        b"1e",
        b"-",
        b":",
        b'"k":1,',
        b'{"a":1,"a":2}',
        b"Infinity",
        b"true",
    ],
    "softmax": [
        b"~End\r\n",
        b"Plate:\t",
        b"Group: x\r\n",
        b"##BLOCKS= 999999",
        b"Original Filename:",
        b"Group Column\t",
        b"\t" * 400,
        b"PlateFormat",
        b"Fluorescence\t",
        b"\xb2",
        b"!WellIDs",
    ],
    "redcap": [
        b",,,,\n",
        b"redcap_event_name,",
        b"_complete,",
        b"___1",
        b"1, a | 2, b",
        b"NA",
        b"@HIDECHOICE",
        b"[x] = 1",
    ],
    "gen5": [
        b"Plate Number\t",
        b"Read\t450\r\n",
        b"Layout\r\n",
        b"Results\r\n",
        b"\tWell ID",
        b"\t450:450",
        b"OVRFLW\t",
        b"\t1\t2\t3\t4",
        b"\r\nA\t",
    ],
    "magellan": [b"Well positions", b"Label1=450", b"A1", b"<>", b"Plate"],
    "mars": [b"Raw Data (450)\r\n", b",1,2,3,4", b"ID1: ", b"\r\nA,", b"Raw Data"],
    "plate_grid": [b"Plate: ", b"450 nm\n", b",1,2,3,4", b"\nA,", b"1,2,3\n", b"\t1\t2\t3"],
    "xponent": [b'"DataType:"', b'"Median"\r\n', b'"1(1,A1)"', b"NaN", b'"Location"', b"(2;B3)"],
    "qualtrics": [b'{"ImportId":"QID1"}', b"Survey Preview", b"Spam", b"V1,", b"ResponseID"],
}
WORKBOOKS = ("spreadsheet", "magellan", "plate_grid")  # readers that ask the process which reads workbooks
OPTIONS = {
    "gen5": [{}, {}, {"part": "computed"}, {"part": "layout"}, {"encoding": "utf-8"}],
    "magellan": [{}, {"wavelength": "450"}, {"sheet": "Magellan Sheet 1"}],
    "mars": [{}, {}, {"plate": "test"}, {"encoding": "latin-1"}],
    "plate_grid": [{"wavelength": "450"}, {"wavelength": "450"}, {"part": "layout"}, {"delimiter": ","}],
    "xponent": [{}, {}, {"statistic": "Count"}, {"encoding": "utf-8"}],
    "delimited": [{}, {}, {"delimiter": "\t"}, {"encoding": "utf-8"}, {"encoding": "utf-16"}, {"header_line": 2}],
    "jsonlines": [{}, {}, {"explode": "days"}, {"explode": "a.b"}, {"encoding": "utf-8"}],
    "qualtrics": [{}, {}, {"keep_previews": True}, {"delimiter": "\t"}],
    "redcap": [
        {},
        {"dictionary": "d"},
        {"dictionary": "d", "events": "e", "event_forms": "m"},
        {"dictionary": "d", "events": "e", "values": "labels"},
        {"dictionary": "d"},
        {"record_id": "record_id"},
    ],
    "softmax": [{"part": "signals"}, {"part": "groups"}],
    "spreadsheet": [{}, {}, {"sheet": "Data"}, {"header_row": 2}],
    "statistical": [{}, {}, {"encoding": "latin1"}, {"encoding": "no-such"}],
    "r_data": [{}, {"table": "d"}, {"table": "e"}],
    "prism": [{}, {}, {"table": "Summary"}],
    "odm": [{}, {}, {"form": "F.Q"}, {"group": "G.AE"}],
    "dataset_json": [{}],
}


# damage


def damaged(chance: random.Random, seeds: list[bytes], reader: str) -> bytes:
    """One of the seeds after some damage: of its bytes, of a part within an archive, or of what it is packed in."""
    content = chance.choice(seeds)
    if zipfile.is_zipfile(io.BytesIO(content)) and chance.random() < 0.6:
        content = _repacked(content, chance, reader)
        if chance.random() < 0.8:
            return content
    packed = content.startswith(b"\x1f\x8b") and chance.random() < 0.7
    content = gzip.decompress(content) if packed else content
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 5, 9))):
        content = _hurt(content, chance, seeds, reader)
    if packed:
        content = gzip.compress(content, 1)
        content = _hurt(content, chance, seeds, reader) if chance.random() < 0.3 else content
    if chance.random() < 0.001:
        content = gzip.compress((content or b"0") * (BOMB // max(1, len(content))))
    return content


def _hurt(content: bytes, chance: random.Random, seeds: list[bytes], reader: str) -> bytes:
    """The bytes after one flip, cut, insertion, doubling, splice or overwriting."""
    at = chance.randrange(len(content) + 1)
    if chance.random() < 0.15:  # directories and totals of archives and databases stand at an end
        at = chance.choice((min(at, 200), max(0, len(content) - chance.randrange(1, 200))))
    size = chance.choice((1, 2, 8, 100, 1000, len(content)))
    kind = chance.randrange(9)
    if kind == 0 and at < len(content):
        return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
    if kind == 1:
        return content[:at] + content[at + size :]
    if kind == 2:
        return content[:at]
    if kind in (3, 4):
        return content[:at] + chance.choice(TOKENS + OF_READER.get(reader, [])) + content[at:]
    if kind == 5:
        return content[: at + min(size, SMALL)] + content[at:]
    if kind == 6:
        other = chance.choice(seeds)
        start = chance.randrange(len(other) + 1)
        return content[:at] + other[start : start + min(size, SMALL)] + content[at:]
    if kind == 7:
        extreme = chance.choice(EXTREMES)
        return content[:at] + extreme + content[at + len(extreme) :]
    try:  # as if saved by another program
        return content.decode("utf-8").encode(chance.choice(("utf-16", "cp1252", "utf-8-sig")), "replace")
    except UnicodeDecodeError:
        return content


def _repacked(content: bytes, chance: random.Random, reader: str) -> bytes:
    """The archive with damage inside one or two of its parts, and checksums that fit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in chance.sample(sorted(parts), min(len(parts), chance.choice((1, 1, 2)))):
        for _ in range(chance.choice((1, 1, 2, 4))):
            parts[name] = (
                _xml_hurt(parts[name], chance)
                if chance.random() < 0.5
                else _hurt(parts[name], chance, list(parts.values()), reader)
            )
        if chance.random() < 0.05:
            del parts[name]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def _xml_hurt(content: bytes, chance: random.Random) -> bytes:
    """XML in which a number, a tag or an attribute has become another."""
    numbers = [*re.finditer(rb"\d+", content)]
    if numbers and chance.random() < 0.6:
        at = chance.choice(numbers).span()
        new = chance.choice(NUMBERS)
        return content[: at[0]] + new + content[at[1] :]
    kinds = (b'"', b">", b"<", b"=")
    mark = chance.choice(kinds)
    found = [n for n, byte in enumerate(content) if byte == mark[0]]
    if not found:
        return content
    at = chance.choice(found)
    new = chance.choice(XML)
    return content[: at + chance.randrange(2)] + new + content[at + chance.choice((0, 1, 1, 3)) :]


# what is promised


def promises(extract: Extract) -> None:
    """Hold an extract against the contract of ``sources``. Raises AssertionError."""
    columns, count = set(extract.columns), len(extract.places)
    assert len(columns) == len(extract.columns) == len(extract.cells) > 0, "columns"
    assert all(len(cells) == count for cells in extract.cells), "columns of other lengths"
    rows = extract.rows
    assert all(type(cell) is str for row in rows for cell in row), "a cell that is no text"
    "".join(map("".join, rows)).encode()  # half a surrogate pair is no text
    ordinals = [int(n) for n in extract.places.ordinals]
    assert all(a < b for a, b in zip(ordinals, ordinals[1:], strict=False)), "ordinals do not rise"
    places = [*extract.places, *(fault.place for fault in extract.faults)]
    assert len({place.ordinal for place in places}) == len(places), "an ordinal twice"
    assert all(0 < p.ordinal < 2**32 and 0 < p.first_line <= p.last_line for p in places), "a place that cannot be"
    for doubt in extract.doubts:
        assert doubt.row == -1 or (0 <= doubt.row < count and doubt.column in columns | {""}), (
            "a doubt without its cell"
        )
        assert doubt.rule and doubt.expected, "a doubt that says nothing"
    for told in (extract.date_cells, extract.unscheduled, extract.unopened):
        assert set(told) <= columns and all(0 <= row < count for found in told.values() for row in found), "rows told"
    assert set(extract.variables) <= columns, "a variable without its column"
    said = [*extract.decisions.items(), *((fault.rule, fault.message) for fault in extract.faults)]
    said += [(d.rule, d.expected) for d in extract.doubts] + [(p.part, p.column) for p in places]
    said += [(v.label, *v.choices.items(), *v.missing.items()) for v in extract.variables.values()]
    json.dumps(said, ensure_ascii=False).encode()
    assert all(type(count) is int and count > 0 for count in extract.left_out.values()), "rows left out"


def sound(fault: Fault) -> None:
    """A fault says something, in lines that can be shown. Raises AssertionError."""
    assert fault.lines and all(0 < len(line) < 1500 for line in fault.lines), "a fault of no words, or too many"
    "\n".join(fault.lines).encode()


# one process for all files

DRIVER = """
import importlib.util, io, sys, types
spec = importlib.util.spec_from_file_location("child", sys.argv[1])
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
given, taken = sys.stdin.buffer, sys.stdout.buffer
while length := given.read(8):
    sys.stdin = types.SimpleNamespace(buffer=io.BytesIO(given.read(int.from_bytes(length, "big"))))
    sys.stdout = types.SimpleNamespace(buffer=io.BytesIO())
    child.main()
    answer = sys.stdout.buffer.getvalue()
    taken.write(len(answer).to_bytes(8, "big") + answer)
    taken.flush()
"""


class Answering:
    """Stands for ``subprocess`` in a reader: requests go to one process, which is started anew after it died."""

    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self, command: list[str]) -> None:
        self.command, self.process, self.deaths = command, None, 0

    def run(self, _: list[str], *, input: bytes, **__: object) -> subprocess.CompletedProcess:
        """What the reading process answers to one request, or its exit code."""
        if not self.process:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        try:
            self.process.stdin.write(len(input).to_bytes(8, "big") + input)
            self.process.stdin.flush()
            length = self.process.stdout.read(8)
        except BrokenPipeError:
            length = b""
        if len(length) == 8:
            answer = self.process.stdout.read(int.from_bytes(length, "big"))
            return subprocess.CompletedProcess(self.command, 0, answer)
        self.deaths += 1
        return subprocess.CompletedProcess(self.command, self.end() or 1, b"")

    def end(self) -> int:
        """Close the process and wait for its end, so that its use of memory can be asked for; its exit code."""
        if not self.process:
            return 0
        process, self.process = self.process, None
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        return process.wait()


def answering(reader: str) -> Answering | None:
    """What stands for ``subprocess`` in a reader that needs it."""
    if reader in WORKBOOKS:
        return Answering([sys.executable, "-I", _spreadsheet.CHILD, "--many"])
    if reader == "statistical":
        return Answering([sys.executable, "-I", "-c", DRIVER, str(statistical.CHILD)])
    return None


# a run


def case(reader: str, number: int, seeds: dict[str, list[bytes]]) -> tuple[bytes, dict, dict[str, bytes]]:
    """Bytes, options and companions of a numbered file; where there are companions, one of all is damaged."""
    chance = random.Random(f"{reader} {number}")
    options = chance.choice(OPTIONS[reader])
    beside = {name: chance.choice(seeds[name]) for name in reader_of(reader).companions if name in options}
    hurt = chance.choice(["", "", *beside])
    content = damaged(chance, seeds[""], reader) if not hurt else chance.choice(seeds[""])
    return content, options, beside | ({hurt: damaged(chance, seeds[hurt], reader)} if hurt else {})


def read(reader: str, content: bytes, options: dict, beside: dict[str, bytes]) -> bool:
    """Whether a file was read; False if it was refused. Raises whatever should not happen."""
    declared = reader_of(reader)
    try:
        extract = declared.read(content, declared.options(**options), **beside)
    except Fault as fault:
        sound(fault)
        return False
    promises(extract)
    return True


def run(reader: str, first: int, count: int) -> dict:
    """Read that many damaged files; what came of them. Raises whatever should not happen, and says at which file."""
    import fuzz_seeds

    seeds = fuzz_seeds.seeds_of(reader)
    child = answering(reader)
    if child:
        (_spreadsheet if reader in WORKBOOKS else statistical).subprocess = child
    taken, slowest, began = 0, 0.0, 0.0
    try:
        for number in range(first, first + count):
            faulthandler.dump_traceback_later(HANG, exit=True, file=sys.__stderr__)
            content, options, beside = case(reader, number, seeds)
            began = time.perf_counter()
            taken += read(reader, content, options, beside)
            slowest = max(slowest, time.perf_counter() - began)
    except BaseException:
        sys.stderr.write(f"{reader}: file {number}\n")
        raise
    finally:
        faulthandler.cancel_dump_traceback_later()
        if child:
            child.end()
    return told(taken, count - taken, slowest, child.deaths if child else 0)


def run_study(first: int, count: int) -> dict:
    """Validate a small study that many times with one damaged export; as ``run``."""
    import fuzz_study

    taken, slowest = 0, 0.0
    try:
        for number in range(first, first + count):
            faulthandler.dump_traceback_later(HANG, exit=True, file=sys.__stderr__)
            chance = random.Random(f"study {number}")
            hurt = chance.choice(sorted(fuzz_study.FILES))
            files = fuzz_study.files(hurt)
            files[hurt] = damaged(chance, [files[hurt]], fuzz_study.reader(hurt))
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                taken += fuzz_study.validated(files, Path(folder), chance.choice(("", "b")))
                slowest = max(slowest, time.perf_counter() - began)
    except BaseException:
        sys.stderr.write(f"study: file {number}, damaged {hurt}\n")
        raise
    finally:
        faulthandler.cancel_dump_traceback_later()
    return told(taken, count - taken, slowest, 0)


def told(taken: int, refused: int, slowest: float, deaths: int) -> dict:
    """What a run reports: counts, seconds of the slowest file, MiB of this process and of its largest child."""
    return {
        "read": taken,
        "refused": refused,
        "slowest": round(slowest, 3),
        "deaths": deaths,
        "MiB": own_peak(),
        "MiB_child": largest_of(resource.RUSAGE_CHILDREN),
    }


def own_peak() -> int:
    """MiB that this program took at most.

    Where the kernel tells the peak of this program's own memory, that is it: ``ru_maxrss`` keeps the size of the
    process that started it, so a large test process would be taken for the program.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return largest_of(resource.RUSAGE_SELF)
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) // 2**10


def largest_of(who: int) -> int:
    """``ru_maxrss`` of ``who`` in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(who).ru_maxrss // unit


def main() -> None:
    """Run, and print what came of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=[*OPTIONS, "study"])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=5000)
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("error")
    done = run_study if asked.reader == "study" else lambda *a: run(asked.reader, *a)
    print(json.dumps(done(asked.first, asked.count)))


if __name__ == "__main__":
    main()
