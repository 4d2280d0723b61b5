"""Exports of plate readers as their programs write them; every name and number in them is invented."""

import io

import openpyxl

LETTERS = "ABCDEFGHIJKLMNOP"


def signal(well_number, read=0):
    """The invented signal of the n-th well: readable back to its place."""
    return f"{read}.{well_number:03d}"


def grid(rows, columns, read=0, mark="\t", label="", texts=None, corner=""):
    """Lines of a grid of wells; ``texts``: well -> another text."""
    lines = [mark.join([corner, *map(str, range(1, columns + 1))])]
    for n, letter in enumerate(LETTERS[:rows]):
        wells = [(texts or {}).get(f"{letter}{c + 1}", signal(n * columns + c, read)) for c in range(columns)]
        lines.append(mark.join([letter, *wells, *([label] if label else [])]))
    return lines


def gen5_plate(number, name="450nm", texts=None, layout=True):
    """One plate of a Gen5 export: procedure, layout, and three lines for each row of wells."""
    lines = [f"Plate Number\tPlate {number}", "Date\t1/2/2024", "Time\t9:00:00 AM", "", "Procedure Details", ""]
    lines += ["Plate Type\t96 WELL PLATE", f"Read\t{name}", "\tAbsorbance Endpoint", "\tWavelengths:  450", ""]
    numbers = "\t" + "\t".join(map(str, range(1, 13)))
    if layout:
        lines += ["Layout", numbers]
        for n, letter in enumerate("ABCDEFGH"):
            ids = ["STD" + str(n + 1)] * 2 + [f"SPL{n + 1}"] * 9 + ["BLK" if n == 7 else ""]
            lines.append("\t".join([letter, *ids, "Well ID"]))
            lines.append("\t".join(["", *[str(1000 / 2**n)] * 2, *["2"] * 9, "", "Conc/Dil"]))
        lines.append("")
    lines += ["Results", numbers]
    for n, letter in enumerate("ABCDEFGH"):
        wells = [(texts or {}).get(f"{letter}{c}", signal(n * 12 + c - 1, number)) for c in range(1, 13)]
        lines.append("\t".join([letter, *wells, f"{name}:450"]))
        lines.append("\t".join(["", *["0.1"] * 12, f"Blank {name}:450"]))
        lines.append("\t".join(["", *["<0.000" if n == 7 else "12.5"] * 12, "[Concentration]"]))
    return [*lines, "", "Curve Name\tCurve Formula\tA\tR2", "StdCurve\tY=A*X+B\t0.1\t?????", ""]


def gen5(*plates, encoding="utf-8-sig"):
    """A Gen5 export of some plates."""
    head = ["", "", "Software Version\t3.12.08", "", "Experiment File Path:\tC:\\x.xpt", ""]
    return "\r\n".join([*head, *(line for plate in plates for line in plate)]).encode(encoding)


def mars(reads=("450 1",), rows=8, columns=12, texts=None, mark=",", ids="ID1: Plate B7"):
    """A MARS export: a head, then a grid for each read."""
    lines = [
        f"User: USER{mark}Path: C:\\Data{mark}Test run no.: 4",
        f"Test name: ELISA{mark}Date: 5/14/2021",
        "",
        ids,
        "Absorbance",
        "",
    ]
    for n, read in enumerate(reads):
        lines += [f"Raw Data ({read})", "", *grid(rows, columns, n, mark, texts=texts), ""]
    return "\r\n".join(lines).encode("ascii")


def xponent(wells=("A1", "B1", "C1"), analytes=("alpha", "bravo"), medians=None, mark=",", quotes=True, plate=1):
    """An xPONENT export: medians, counts and one more section. ``medians``: well, analyte -> median, count."""

    def line(*cells):
        return mark.join(f'"{cell}"' if quotes else cell for cell in cells)

    lines = [
        line("Program", "xPONENT", "", "FlexMAP 3D"),
        line("Build", "4.3.309.1"),
        "",
        line("Batch", "RUN 7"),
        line("Samples", "3", "Min Events", "50"),
        "",
        line("Results"),
        "",
    ]
    for at, kind in enumerate(("Median", "Count", "Avg Net MFI")):
        lines += [line("DataType:", kind), line("Location", "Sample", *analytes, "Total Events")]
        for n, well in enumerate(wells):
            usual = (f"{100 * n + 7.5:g}", "61")
            cells = [(medians or {}).get((well, analyte), usual)[at % 2] for analyte in analytes]
            lines.append(f'"{n + 1}({plate},{well})"' + mark + line(f"S{n + 1}", *cells, "120"))
        lines.append("")
    return "\r\n".join(lines).encode("utf-8")


def workbook(rows, title="Magellan Sheet 1", **others):
    """A workbook of one sheet, or more."""
    book = openpyxl.Workbook()
    book.active.title = title
    for sheet, cells in [(book.active, rows), *((book.create_sheet(name), more) for name, more in others.items())]:
        for row in cells:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def magellan(columns=2, plate="", note=True):
    """A Magellan list of 96 wells, with times and temperatures above and notes below."""
    names = [f"Label{n + 1}" for n in range(columns)]
    rows = [
        ["Well positions", *names, *(["Plate"] if plate else []), *(["Label1=450"] if note else [])],
        [None, *["0s"] * columns],
        [None, *["24.8 °C"] * columns],
    ]
    for n in range(96):
        well = f"{LETTERS[n // 12]}{n % 12 + 1}"
        rows.append([well, *(float(signal(n, read)) for read in range(columns)), *([plate] if plate else [])])
    return workbook([*rows, [], ["Date of measurement: 2024-01-02"]])


def stacked(mark=",", headings=("Plate: B1", "Plate: B2"), texts=None):
    """Grids of 96 wells one below the other, each with a heading above it."""
    lines = []
    for n, heading in enumerate(headings):
        lines += [heading, *grid(8, 12, n, mark, texts=texts), ""]
    return "\n".join(lines).encode()


def plate_map():
    """A layout drawn as a plate: roles, samples, concentrations."""
    roles = {f"{letter}{c}": "standard" if c < 3 else "sample" for letter in "ABCDEFGH" for c in range(1, 5)}
    samples = {well: f"S{well[0]}" if well[1:] in "12" else f"RT{well}" for well in roles}
    doses = {well: str(1000 / 2 ** "ABCDEFGH".index(well[0])) for well in roles if roles[well] == "standard"}
    lines = ["Plate: B1"]
    for name, texts in (("Role", roles), ("Sample", samples), ("Concentration pg/mL", doses)):
        blank = {f"{letter}{c}": "" for letter in "ABCDEFGH" for c in range(1, 13)}
        lines += [name, *grid(8, 12, mark=",", texts=blank | texts)]
    return "\n".join(lines).encode()
