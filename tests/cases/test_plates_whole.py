"""Plates of every kind from their files to concentrations, numbers of the plate and its page."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy
import pytest
from omtrace import store
from omtrace.analyses.run import analyse_study
from omtrace.derivations.records import derive_study
from omtrace.model.groups import with_groups
from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.report.plates import write_plates
from omtrace.validation.validate import validate_study
from plate_exports import LETTERS, gen5, gen5_plate, xponent

CASES = Path(__file__).parents[1] / "cases"
ANIMALS = "animal_id,cage_id,batch,sex,strain,weight_g,model,treatment\n"
BOUNDS = {"weight_g": [15, 45]}


def logistic(x, low=0.06, slope=1.1, half=300.0, high=2.9):
    x = numpy.asarray(x, dtype=float)
    return high + (low - high) / (1 + (x / half) ** slope)


def straight(x):
    return 0.08 + 0.0006 * numpy.asarray(x, dtype=float)


def wells_of(rows=8, columns=12):
    """Wells column by column."""
    return [f"{letter}{column + 1}" for column in range(columns) for letter in LETTERS[:rows]]


class Plate:
    """What is in the wells of a plate, pairs of wells down its columns: standards, controls, animals."""

    def __init__(self, name, shape, levels, animals, controls=None, noise=0.01, seed=3, size=(8, 12)):
        generator = numpy.random.default_rng(seed)
        controls = controls or {}
        held = [("standard", f"S{x:g}", x) for x in levels]
        held += [("control", control, x) for control, x in controls.items()]
        held += [("sample", animal, x) for animal, x in animals.items()]
        self.name, self.wells = name, []
        places = wells_of(*size)
        for place, (role, sample, x) in zip(places, [one for one in held for _ in (1, 2)], strict=False):
            signal = float(shape(x)) * (1 + noise * generator.standard_normal())
            self.wells.append((place, role, sample, x, signal))

    def layout(self):
        """Rows of a layout."""
        return [
            f"{self.name},{place},{role},{sample},{x if role == 'standard' else ''},{1 if role == 'sample' else ''}"
            for place, role, sample, x, _ in self.wells
        ]

    def texts(self, form="{:.4f}"):
        """Well -> its reading as text."""
        return {place: form.format(signal) for place, *_, signal in self.wells}

    def grid(self, read="450 nm", rows=8, columns=12, form="{:.4f}"):
        """A grid of readings with headings; wells without anything read 0."""
        texts = self.texts(form)
        lines = [f"Plate: {self.name}", read, "," + ",".join(str(c + 1) for c in range(columns))]
        for letter in LETTERS[:rows]:
            lines.append(",".join([letter, *(texts.get(f"{letter}{c + 1}", "0") for c in range(columns))]))
        return "\n".join(lines) + "\n"


HEAD = "plate,well,role,sample,concentration,dilution"


def layout_of(*plates):
    return "\n".join([HEAD, *(line for plate in plates for line in plate.layout())]) + "\n"


def mice(*names):
    return ANIMALS + "".join(
        f"{name},C{n // 2},1,F,C57BL/6J,{20 + n % 5},control,sham\n" for n, name in enumerate(names)
    )


class Run:
    """A study of plates, run from its files to the pages of the plates."""

    def __init__(self, folder: Path, tables: Mapping, files, parameters, wells=None, analyses=None, checks=None):
        parameters = {
            "group": {"derive": "column", "label": "Group", "options": {"table": "animals", "column": "model"}}
        } | {
            name: {"derive": "assay", "label": name, "unit": "pg/mL", "options": options}
            for name, options in parameters.items()
        }
        datasets = {
            "animals": {
                "unit": "mouse",
                "roster": {"table": "animals", "column": "unit_id"},
                "parameters": parameters,
                "populations": {"full": {"label": "all"}},
            }
        }
        tables = {"animals": {"reader": "delimited", "columns": {"unit_id": "animal_id"}, "bounds": BOUNDS}, **tables}
        plan = {
            "study": "plates",
            "title": "Plates",
            "kind": "simulated",
            "statement": "s",
            "design": "d",
            "tables": tables,
            "datasets": datasets,
            "analyses": {},
            "figures": {},
            "checks": checks or {},
        }
        if wells:
            layout, signals, wavelength = wells
            column = {
                name: {"derive": "column", "label": name, "options": {"table": layout, "column": name}}
                for name in ("plate", "role", "sample", "concentration")
            }
            column["concentration"]["unit"] = "pg/mL"
            datasets["wells"] = {
                "unit": "well",
                "roster": {"table": layout, "column": "unit_id"},
                "group": "plate",
                "parameters": {
                    **column,
                    "signal": {
                        "derive": "well_signal",
                        "label": "Signal",
                        "unit": "RFU",
                        "options": {"table": signals, "wavelength": wavelength},
                    },
                },
                "populations": {
                    "full": {"label": "all"},
                    "standards": {"label": "standards", "where": "role == 'standard'"},
                },
            }
            plan["analyses"] = {
                name: {
                    "dataset": "wells",
                    "title": name,
                    "parameters": ["signal"],
                    "exempt": "checks of plates",
                    **entry,
                }
                for name, entry in (analyses or {}).items()
            }
            plan["plates"] = {"dataset": "wells", "signal": "signal", "concentration": "concentration", "role": "role"}
        self.folder, self.plan, exports = folder, Plan.model_validate(plan), []
        for number, (table, name, content) in enumerate(files, 1):
            path = f"data/raw/plates/{name}"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
            exports.append(Export(number, "plates", f"e{number}", table, path, "", "", "", "received", "", "", ""))
        findings = folder / "logs/findings.csv"
        validate_study(self.plan, exports, findings, folder / "validated", folder)
        self.findings = [(row["rule"], row["severity"]) for row in store.read_csv(findings)]
        derive_study(self.plan, folder / "validated", folder / "datasets")
        self.records = store.read_table(folder / "datasets/animals.parquet")
        self.numbers = []
        if wells:
            (folder / "estimates.csv").unlink(missing_ok=True)
            analyse_study(self.plan, folder / "datasets", folder)
            self.numbers = store.read_csv(folder / "estimates.csv")

    def values(self, parameter):
        """Animal -> value, or status."""
        mine = self.records[self.records["parameter"] == parameter]
        return {row.unit: row.value if row.status == "observed" else row.status for row in mine.itertuples(index=False)}

    def number(self, statistic, level="", group=None):
        """The numbers with a statistic and the beginning of a level."""
        return [
            row
            for row in self.numbers
            if row["statistic"] == statistic and row["level"].startswith(level) and group in (None, row["group"])
        ]

    def pages(self):
        """The page of each plate, as text."""
        write_plates(with_groups(self.plan, self.folder / "datasets"), self.folder, self.folder / "plates")
        return {path.stem: path.read_text() for path in (self.folder / "plates").glob("*.html")}


LEVELS = [7.8125, 15.625, 31.25, 62.5, 125, 250, 500, 1000]
HELD = {f"M{n}": x for n, x in enumerate([20, 45, 90, 180, 300, 450, 600, 800, 900], 1)}
GRID = {"reader": "plate_grid", "unit": ["plate_name", "well"], "schema": "plate_signals"}
LAYOUT = {"reader": "delimited", "unit": ["plate", "well"], "schema": "plate_layout"}
CURVES = {
    "curves": {"method": "standard_curve", "population": "standards", "options": {"concentration": "concentration"}}
}


def test_a_straight_assay_has_all_its_concentrations_and_a_page(tmp_path):
    levels = [25, 125, 250, 500, 750, 1000, 1500, 2000]
    held = {f"M{n}": x for n, x in enumerate(numpy.linspace(40, 1900, 36).round(), 1)}
    plate = Plate("B1", straight, levels, held, noise=0.004)
    for model in ("4PL", "linear", "spline"):
        analyses = {"curves": CURVES["curves"] | {"options": {"concentration": "concentration", "model": model}}}
        run = Run(
            tmp_path / model,
            {"signals": GRID, "layouts": LAYOUT},
            [
                ("animals", "a.csv", mice(*held)),
                ("signals", "s.csv", plate.grid("562 nm")),
                ("layouts", "l.csv", layout_of(plate)),
            ],
            {"x": {"signals": "signals", "layout": "layouts", "wavelength": "562", "model": model}},
            ("layouts", "signals", "562"),
            analyses,
        )
        found = run.values("x")
        assert [found[name] for name in held] == pytest.approx(list(held.values()), rel=0.12)
        assert run.number("c") == []  # no EC50 of a straight line
        page = run.pages()["b1"]
        assert "Curve fitted, not judged" in page and 'class="curve"' in page and "nan" not in page.lower()
        assert ("coefficients not given: not identifiable" in page) == (model == "4PL")
        assert bool(run.number("slope")) == (model == "linear") and bool(run.number("curve_signal")) == (
            model != "linear"
        )


@pytest.mark.parametrize("cover", [0.29, 0.31])
def test_a_plate_whose_standards_end_before_the_plateau_is_read(tmp_path, cover):
    half = 1000 * ((1 - cover) / cover) ** (1 / 1.1)
    held = {f"M{n}": x for n, x in enumerate(numpy.geomspace(16, 950, 30).round(1), 1)}
    plate = Plate("B1", lambda x: logistic(x, half=half), LEVELS, held)
    run = Run(
        tmp_path,
        {"signals": GRID, "layouts": LAYOUT},
        [("animals", "a.csv", mice(*held)), ("signals", "s.csv", plate.grid()), ("layouts", "l.csv", layout_of(plate))],
        {"x": {"signals": "signals", "layout": "layouts", "wavelength": "450", "acceptance": {}, "limits": "report"}},
        ("layouts", "signals", "450"),
        CURVES,
    )
    found = run.values("x")
    assert [found[name] for name in held] == pytest.approx(list(held.values()), rel=0.2)
    assert run.number("c") == [] and run.number("n", "coefficients not given: not identifiable")


@pytest.mark.parametrize(
    ("scale", "form", "read"), [(20_000, "{:.0f}", "485 nm"), (4_000_000, "{:.0f}", "Lum"), (1, "{:.4f}", "450 nm")]
)
def test_fluorescence_and_luminescence_of_mice(tmp_path, scale, form, read):
    plate = Plate("B1", lambda x: scale * logistic(x), LEVELS, HELD, {"QC": 100})
    signals = GRID | ({"options": {"wavelength": "Lum"}} if read == "Lum" else {})
    grid = plate.grid(read, form=form) if read != "Lum" else plate.grid(read, form=form).replace("Lum\n", "")
    wavelength = read.split()[0]
    run = Run(
        tmp_path,
        {"signals": signals, "layouts": LAYOUT},
        [("animals", "a.csv", mice(*HELD)), ("signals", "s.csv", grid), ("layouts", "l.csv", layout_of(plate))],
        {
            "x": {
                "signals": "signals",
                "layout": "layouts",
                "wavelength": wavelength,
                "weights": "1/y2",
                "acceptance": {},
                "controls": {"QC": 100},
            }
        },
        ("layouts", "signals", wavelength),
        CURVES,
    )
    assert [severity for _, severity in run.findings if severity not in ("note",)] == []
    found = run.values("x")
    assert [found[name] for name in HELD] == pytest.approx(list(HELD.values()), rel=0.1)
    assert "Curve fitted" in run.pages()["b1"]


def test_a_plate_of_384_wells(tmp_path):
    """The wells of every animal are read, the map has 384 boxes, and the edge is that of the large plate."""
    names = [f"M{n}" for n in range(1, 150)]
    held = dict(zip(names, numpy.geomspace(12, 900, len(names)).round(1), strict=True))
    plate = Plate("P1", logistic, LEVELS, held, {"QC": 100}, size=(16, 24))
    options = {
        "signals": "signals",
        "layout": "layouts",
        "wavelength": "450",
        "acceptance": {},
        "controls": {"QC": 100},
    }
    acceptance = {"method": "plate_acceptance", "options": {"controls": {"QC": 100}}}
    run = Run(
        tmp_path,
        {"signals": GRID, "layouts": LAYOUT},
        [
            ("animals", "a.csv", mice(*names)),
            ("signals", "s.csv", plate.grid(rows=16, columns=24)),
            ("layouts", "l.csv", layout_of(plate)),
        ],
        {"x": options},
        ("layouts", "signals", "450"),
        CURVES | {"acceptance": acceptance},
    )
    found = run.values("x")
    assert [found[name] for name in names] == pytest.approx(list(held.values()), rel=0.1)
    page = run.pages()["p1"]
    drawn = set(re.findall(r'<a href="#([A-P]\d+)"', page))
    assert drawn == {well for well, *_ in plate.wells} and len(drawn) == 316
    assert "Accepted" in page
    assert float(run.number("n", "edge")[0]["value"]) > 0


def test_the_384_wells_of_a_file_and_their_layout(tmp_path):
    plate = (CASES / "plate_384.csv").read_text()
    layout = (CASES / "plate_384_layout.csv").read_text()
    names = sorted({line.split(",")[3] for line in layout.splitlines()[1:] if ",sample," in line})
    layout = "\n".join(
        line + "1" if ",sample," in line and line.endswith(",") else line for line in layout.splitlines()
    )
    run = Run(
        tmp_path,
        {"signals": GRID, "layouts": LAYOUT},
        [("animals", "a.csv", mice(*names)), ("signals", "s.csv", plate), ("layouts", "l.csv", layout)],
        {"x": {"signals": "signals", "layout": "layouts", "wavelength": "450"}},
        ("layouts", "signals", "450"),
        CURVES,
    )
    states = set(map(type, run.values("x").values()))
    assert float in states and len(run.values("x")) == len(names)
    assert float(run.number("n")[0]["value"]) == 20


# a bead assay: several analytes of one well


ANALYTES = {
    "IL-6": {"levels": [2.4, 9.8, 39, 156, 625, 2500, 10000], "shape": lambda x: logistic(x, 40, 1.0, 900, 26_000)},
    "TNF": {"levels": [1.2, 4.9, 19.5, 78, 312, 1250, 5000], "shape": lambda x: logistic(x, 25, 1.1, 700, 21_000)},
}


def beads(path, words=()):
    """An xPONENT export of 12 mice and 7 levels in two wells each; its layout with a concentration for each analyte."""
    generator = numpy.random.default_rng(5)
    names = [f"M{n}" for n in range(1, 13)]
    truth = {
        analyte: dict(zip(names, numpy.geomspace(of["levels"][1], of["levels"][-2], 12), strict=True))
        for analyte, of in ANALYTES.items()
    }
    held = [("standard", f"S{n}", n) for n in range(7)] + [("sample", name, name) for name in names]
    rows, medians, places = [], {}, wells_of()
    for place, (role, sample, what) in zip(places, [one for one in held for _ in (1, 2)], strict=False):
        levels = []
        for analyte, of in ANALYTES.items():
            x = of["levels"][what] if role == "standard" else truth[analyte][what]
            signal = of["shape"](x) * (1 + 0.02 * generator.standard_normal())
            medians[place, analyte] = (dict(words).get((sample, analyte), f"{signal:.1f}"), "80")
            levels.append(f"{x:g}" if role == "standard" else "")
        rows.append(f"RUN 7,{place},{role},{sample},{levels[0]},{levels[1]},{'' if role == 'standard' else 1}")
    used = [row.split(",")[1] for row in rows]
    content = xponent(used, tuple(ANALYTES), medians)
    return content, "\n".join(["plate,well,role,sample,il6,tnf,dilution", *rows]) + "\n", names, truth


def test_a_bead_assay_of_two_analytes_in_mice(tmp_path):
    out = {("M12", "IL-6"): "OOR >", ("M1", "TNF"): "OOR <"}
    content, layout, names, truth = beads(tmp_path, out)
    tables = {
        "beads": {
            "reader": "xponent",
            "schema": "plate_signals",
            "columns": {"wavelength": "analyte"},
            "unit": ["plate_name", "well"],
        }
    }
    for short in ("il6", "tnf"):
        tables[f"layout_{short}"] = LAYOUT | {"source": "layouts", "columns": {"concentration": short}}
    options = {"weights": "1/y2", "model": "5PL", "acceptance": {}}
    run = Run(
        tmp_path,
        tables,
        [("animals", "a.csv", mice(*names)), ("beads", "b.csv", content), ("layouts", "l.csv", layout)],
        {
            "il6": {"signals": "beads", "layout": "layout_il6", "wavelength": "IL-6", **options},
            "tnf": {"signals": "beads", "layout": "layout_tnf", "wavelength": "TNF", **options},
        },
        ("layout_il6", "beads", "IL-6"),
        {
            "curves": CURVES["curves"]
            | {"options": {"concentration": "concentration", "model": "5PL", "weights": "1/y2"}}
        },
    )
    assert [rule for rule, severity in run.findings if severity in ("stop", "quarantine")] == []
    for parameter, analyte, skip in (("il6", "IL-6", "M12"), ("tnf", "TNF", "M1")):
        found = run.values(parameter)
        kept = [name for name in names if name != skip]
        assert [found[name] for name in kept] == pytest.approx([truth[analyte][name] for name in kept], rel=0.2)
        assert isinstance(found[skip], str)
    assert "Curve fitted" in next(page for name, page in run.pages().items() if name != "index")


# several readers, several tables


def two_batches():
    first = Plate("Plate 1", logistic, LEVELS, {"M1": 50, "M2": 200}, seed=1)
    second = Plate("Plate 2", logistic, LEVELS, {"M3": 80, "M4": 400}, seed=2)
    return first, second, gen5(gen5_plate(2, name="450", texts=second.texts(), layout=False)), layout_of(first, second)


def check(run):
    found = run.values("x")
    assert [found[f"M{n}"] for n in (1, 2, 3, 4)] == pytest.approx([50, 200, 80, 400], rel=0.1)
    assert not {rule for rule, severity in run.findings if severity in ("stop", "quarantine")}


def test_one_table_takes_the_files_of_two_readers(tmp_path):
    first, second, export, layout = two_batches()
    several = {
        "reader": "several",
        "options": {"readers": [{"reader": "plate_grid"}, {"reader": "gen5", "options": {"part": "signals"}}]},
        "schema": "plate_signals",
        "unit": ["plate_name", "well"],
    }
    run = Run(
        tmp_path,
        {"signals": several, "layouts": LAYOUT},
        [
            ("animals", "a.csv", mice("M1", "M2", "M3", "M4")),
            ("signals", "s1.csv", first.grid()),
            ("signals", "s2.txt", export),
            ("layouts", "l.csv", layout),
        ],
        {"x": {"signals": "signals", "layout": "layouts", "wavelength": "450"}},
        ("layouts", "signals", "450"),
        CURVES,
    )
    check(run)
    decided = store.read_json(tmp_path / "validated/decisions.json")
    assert [decided[f"data/raw/plates/{name}"]["read by"] for name in ("s1.csv", "s2.txt")] == ["plate_grid", "gen5"]
    assert len(run.number("n", group="Plate 2")) >= 1


def test_an_assay_takes_the_readings_of_several_tables(tmp_path):
    first, second, export, layout = two_batches()
    tables = {
        "grids": GRID,
        "gen5": {"reader": "gen5", "schema": "plate_signals", "unit": ["plate_name", "well"]},
        "layouts": LAYOUT,
    }
    files = [
        ("animals", "a.csv", mice("M1", "M2", "M3", "M4")),
        ("grids", "s1.csv", first.grid()),
        ("gen5", "s2.txt", export),
        ("layouts", "l.csv", layout),
    ]
    options = {"x": {"signals": ["grids", "gen5"], "layout": "layouts", "wavelength": "450"}}
    check(Run(tmp_path / "two", tables, files, options, ("layouts", ["grids", "gen5"], "450"), CURVES))
    files[2] = ("gen5", "s2.txt", gen5(gen5_plate(1, name="450", texts=first.texts(), layout=False)))
    with pytest.raises(Exception, match="well 'Plate 1/A1' was read in more than one of them"):
        Run(tmp_path / "twice", tables, files, options)


def test_the_plate_page_prints_why_the_plan_stands_up_for_a_plate(tmp_path):
    plate = Plate("B1", logistic, LEVELS, HELD, {"QC": 100})
    reason = "the control had thawed; all standards hold"
    options = {"controls": {"QC": 160}, "override": {"B1": reason}}
    run = Run(
        tmp_path,
        {"signals": GRID, "layouts": LAYOUT},
        [("animals", "a.csv", mice(*HELD)), ("signals", "s.csv", plate.grid()), ("layouts", "l.csv", layout_of(plate))],
        {"x": {"signals": "signals", "layout": "layouts", "wavelength": "450", "acceptance": {}, **options}},
        ("layouts", "signals", "450"),
        {"acceptance": {"method": "plate_acceptance", "options": options}},
    )
    assert all(isinstance(value, float) for value in run.values("x").values())
    page = re.sub(r"<[^>]*>", "", run.pages()["b1"])
    assert f"accepted by the plan: {reason} (otherwise: controls: 0 of 2 within 20%)" in page
    assert "Accepted with flags" in page


# swapped plates, and plates without a fault


SIGNALS = {"table": "signals", "column": "signal"}


def checked_findings(tmp_path, plates, readings):
    """Rules and expectations of a study with plates' readings under names."""
    animals = [sample for plate in plates for _, role, sample, *_ in plate.wells if role == "sample"]
    files = [("animals", "a.csv", mice(*dict.fromkeys(animals))), ("layouts", "l.csv", layout_of(*plates))]
    for name, plate in readings.items():
        grid = plate.grid().replace(f"Plate: {plate.name}", f"Plate: {name}")
        files.append(("signals", f"{name}.csv", grid))
    checks = {
        "swapped": {
            "check": "swapped_plates",
            "options": {"table": "layouts", "content": ["plate", "sample"], "signals": SIGNALS},
        }
    }
    tables = {"signals": GRID, "layouts": LAYOUT}
    Run(tmp_path, tables, files, {"x": {"signals": "signals", "layout": "layouts", "wavelength": "450"}}, checks=checks)
    return store.read_csv(tmp_path / "logs/findings.csv")


def test_swapped_plates_are_named_as_such_and_right_ones_have_no_note(tmp_path):
    first = Plate("B1", logistic, LEVELS, {"M1": 30, "M2": 500, "M3": 90}, seed=1)
    second = Plate("B2", logistic, LEVELS[::-1], {"M4": 80, "M5": 400, "M6": 20, "M7": 300}, seed=2)
    third = Plate("B3", logistic, LEVELS, {"M8": 700, "M9": 60}, seed=4)
    plates = (first, second, third)
    assert checked_findings(tmp_path / "right", plates, {plate.name: plate for plate in plates}) == []
    found = checked_findings(tmp_path / "swapped", plates, {"B1": second, "B2": first, "B3": third})
    swapped = [row for row in found if row["rule"] == "plates_swapped"]
    assert [Path(row["file"]).stem for row in swapped] == ["B1", "B2"]
    assert all(row["severity"] == "warn" and "the two may be swapped" in row["expected"] for row in swapped)
    assert "B2.csv" in swapped[0]["expected"] and "B1.csv" in swapped[1]["expected"]
    same = [
        Plate(name, logistic, LEVELS, animals, seed=n)
        for n, (name, animals) in enumerate({"B1": {"M1": 30}, "B2": {"M2": 500}}.items())
    ]
    found = checked_findings(tmp_path / "alike", same, {"B1": same[1], "B2": same[0]})
    assert "plates_swapped" not in {row["rule"] for row in found}


@pytest.mark.parametrize("acceptance", [None, {"standards_least": 6}], ids=["read back", "judged"])
def test_words_of_the_reader_censor_samples_and_take_no_plate_down(tmp_path, acceptance):
    plate = Plate("B1", logistic, LEVELS, HELD, {"QC": 200}, noise=0.005)
    of = {}  # sample -> its wells
    for place, _, sample, *_ in plate.wells:
        of.setdefault(sample, []).append(place)
    texts = plate.texts()
    texts |= dict(zip(of["M1"], ("OVRFLW", "OVRFLW"), strict=True)) | dict(zip(of["M2"], ("<0.01",) * 2, strict=True))
    texts |= {of["M3"][0]: "OVRFLW", of["M4"][0]: "Masked", of["QC"][0]: "Err"}
    texts |= dict(zip(of["M5"], ("Masked", "9.9"), strict=True)) | dict.fromkeys(of["M6"], "Err")
    texts |= {of["S1000"][0]: "OVRFLW", of["S62.5"][1]: "Masked"}
    plate.texts = lambda form="": texts
    options = {"signals": "signals", "layout": "layouts", "wavelength": "450", "controls": {"QC": 200}}
    run = Run(
        tmp_path,
        {"signals": GRID, "layouts": LAYOUT},
        [
            ("animals", "a.csv", mice(*HELD)),
            ("signals", "s.csv", plate.grid()),
            ("layouts", "l.csv", layout_of(plate)),
        ],
        {"x": options | ({"acceptance": acceptance} if acceptance else {})},
        ("layouts", "signals", "450"),
        CURVES,
    )
    found = run.values("x")
    assert [found[name] for name in ("M1", "M2", "M5")] == ["above ULOQ", "below LLOQ", "above ULOQ"]
    assert found["M6"] == "incomplete: 0 of 2 wells read back"
    assert [found[name] for name in ("M3", "M4", "M7", "M9")] == pytest.approx([90, 180, 600, 900], rel=0.06)
    wells = store.read_table(tmp_path / "datasets/wells.parquet").query("parameter == 'signal'").set_index("unit")
    told = wells.loc[[f"B1/{of[name][0]}" for name in ("M1", "M2", "M4", "M7")], "status"].tolist()
    assert [text.split(": ")[:2] for text in told[:3]] == [
        ["coded missing", kind] for kind in ("above range", "below range", "masked")
    ]
    assert told[3] == "observed"
