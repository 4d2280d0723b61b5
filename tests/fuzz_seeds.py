"""Valid files of every reader, for ``fuzz`` to damage."""

import datetime
import gzip
import io
import json
import tempfile
import zlib
from pathlib import Path

import openpyxl
import pandas
import plate_exports
import pyreadstat
from test_sources_exchange import DATASET, ODM, OTHER, PRISM, SMALL, r
from test_sources_exchange import LINES as DATASET_LINES
from test_sources_exchange import NAMES as R_NAMES
from test_sources_exchange import TWO as R_TWO
from test_sources_qualtrics import MARKS, NAMES, TEXTS, response, written
from test_sources_redcap_events import DICTIONARY, EVENTS, MAP
from test_sources_softmax import TWO, export, grid, unknowns
from test_sources_spreadsheet import ods, ods_row, xls, xlsx

CSV = b'id;on;note;x\r\n1;2000-01-31;"two\r\nlines; ""quoted""";1,5\r\n2;;;\r\n3;2000-02-01;plain;NaN\r\n' * 3
PLAIN = b"".join(b"P%d,%d,2024-01-%02d,%d.5\n" % (n, n, n % 28 + 1, n) for n in range(1, 200))
TABLE = b"unit_id,day,on,score\n" + PLAIN
REDCAP = (
    b"record_id,redcap_event_name,age,race___1,race___2,base_complete,pain,diary_complete,dose,drugs_complete\n"
    b'1,start_arm_1,30,1,0,2,5,2,,\n1,week_4_arm_1,,,,,4,2,,\n2,start_arm_2,40,0,0,2,"","",,\n'
)
REPEAT = (
    b"record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,pain,pain_complete\n"
    b'1,week_0_arm_1,,,"5",2\n1,week_0_arm_1,diary,1,4,0\n2,,,,,\n'
)
LABELS = (
    b"Record ID,Event Name,Age,Race (choice=a),Race (choice=b),Complete?,Pain,Complete?\n"
    b"1,Week 4,30,Checked,,Complete,5,\n"
)
LOG = [
    {"id": f"P{n}", "a": {"b": [1, None, "x"]}, "days": [{"day": d, "pain": 0.5 * d} for d in range(3)], "mood": "é"}
    for n in range(20)
]
LINES = "".join(json.dumps(day, ensure_ascii=False) + "\n" for day in LOG).encode()
SHEETS = {"Notes": [["t"], ["x"]], "Data": [["id", "on", "x"], ["a", 36650.0, 0.5], ["b", None, -1.0]]}
CELL = 'office:value-type="string" office:string-value="{}"'.format


def workbook() -> bytes:
    """A workbook as openpyxl writes it: shared texts, dates, formulas, an error, merged and hidden parts."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    sheet.append(["id", "on", "x", "note", None])
    for n in range(1, 30):
        sheet.append([f"P{n:03d}", datetime.date(2024, 1, n), n / 7, "=C2*2" if n % 9 == 0 else "text", None])
    sheet["C5"] = "#DIV/0!"
    sheet.merge_cells("A10:B11")
    sheet.merge_cells("D1:E1")
    sheet.row_dimensions[7].hidden = sheet.column_dimensions["C"].hidden = True
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def statistical_files() -> list[bytes]:
    """The same people in every format that can be written."""
    people = pandas.DataFrame(
        {
            "ID": ["P001", "P002", "Zo", ""] * 5,
            "PAIN": [7.0, 0.1, float("nan"), -2500.0] * 5,
            "SEX": [1.0, 2.0, 9.0, 1.0] * 5,
            "ON_DAY": [datetime.date(2023, 5, 13), datetime.date(1999, 12, 31), None, datetime.date(1960, 1, 1)] * 5,
        }
    )
    labels = {"SEX": {1: "female", 2: "male"}}
    ways = [
        (pyreadstat.write_sav, {"variable_value_labels": labels, "missing_ranges": {"SEX": [9]}}),
        (pyreadstat.write_sav, {"row_compress": True}),
        (pyreadstat.write_sav, {"compress": True}),
        (pyreadstat.write_por, {}),
        (pyreadstat.write_dta, {"variable_value_labels": labels}),
        (pyreadstat.write_dta, {"version": 8}),
        (pyreadstat.write_xport, {"file_format_version": 5}),
        (pyreadstat.write_xport, {"file_format_version": 8}),
    ]
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for write, more in ways:
            write(people, str(Path(folder) / "file"), column_labels=["a", "b", "c", "d"], **more)
            files.append((Path(folder) / "file").read_bytes())
    return files


PLATES = {
    "gen5": lambda: [
        plate_exports.gen5(plate_exports.gen5_plate(1), plate_exports.gen5_plate(2, texts={"B2": "OVRFLW"})),
        plate_exports.gen5(plate_exports.gen5_plate(1), encoding="utf-16"),
    ],
    "magellan": lambda: [plate_exports.magellan(), plate_exports.magellan(1, "P1")],
    "mars": lambda: [plate_exports.mars(("450 1", "620")), plate_exports.mars(rows=16, columns=24, mark=";")],
    "plate_grid": lambda: [
        plate_exports.stacked(),
        plate_exports.plate_map(),
        plate_exports.workbook([["", *range(1, 13)], *([letter, *[0.5] * 12] for letter in "ABCDEFGH")]),
    ],
    "xponent": lambda: [plate_exports.xponent(), plate_exports.xponent(mark=";", quotes=False)],
}

# Files of R as they are, and unpacked, so that damage reaches what is within.
EXCHANGED = {
    "r_data": [r(SMALL), r(R_TWO), r(R_NAMES), *(zlib.decompress(r(one), 31) for one in (SMALL, R_TWO))],
    "prism": [PRISM.encode(), PRISM.replace("</GraphPadPrismFile>", OTHER + "</GraphPadPrismFile>").encode()],
    "odm": [ODM.encode()],
    "dataset_json": [DATASET.encode(), DATASET_LINES.encode()],
}


def seeds_of(reader: str) -> dict[str, list[bytes]]:
    """Valid files of a reader under "", and of each of its companions under the companion's name."""
    if reader == "spreadsheet":
        return {
            "": [
                workbook(),
                xlsx(SHEETS),
                xls(SHEETS),
                ods(ods_row(CELL("id"), CELL("x")) + ods_row(CELL("a"), CELL("b"))),
            ]
        }
    if reader == "statistical":
        return {"": statistical_files()}
    if reader in EXCHANGED:
        return {"": EXCHANGED[reader]}
    if reader in PLATES:
        return {"": PLATES[reader]()}
    survey = written(NAMES, TEXTS, MARKS, *(response(n, kind="Spam" if n == 3 else "IP Address") for n in range(1, 9)))
    softmax = export(grid(1), unknowns(), encoding="utf-16")
    return {
        "delimited": {
            "": [CSV, TABLE, CSV.decode().encode("utf-16"), gzip.compress(CSV), TABLE.replace(b"\n", b"\r\n")]
        },
        "jsonlines": {"": [LINES, gzip.compress(LINES), LINES.replace(b"\n", b"\r\n\r\n")]},
        "qualtrics": {"": [survey, written(NAMES, TEXTS, response(1), response(2), delimiter="\t", encoding="utf-16")]},
        "redcap": {"": [REDCAP, REPEAT, LABELS], "dictionary": [DICTIONARY], "events": [EVENTS], "event_forms": [MAP]},
        "softmax": {"": [TWO, softmax]},
    }[reader]
