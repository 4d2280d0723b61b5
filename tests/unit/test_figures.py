"""Figures: what is drawn, which numbers stand in the SVG, identical bytes, and faults that name what is missing."""

import ast
import json
import math
import random
import re
import statistics
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from omtrace import store
from omtrace.analyses._drawn import responses
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure, draw_figures
from omtrace.figures import _marks as marks
from omtrace.figures import _theme as style
from omtrace.figures._panels import fitted
from omtrace.figures._results import Estimates, Name
from omtrace.figures._sheet import Sheet
from omtrace.model.closed import Closed, checked
from omtrace.model.plan import Plan
from omtrace.plugins import plugin
from omtrace.provenance import closing
from omtrace.provenance.keys import digest_of

COLUMNS = (
    "id",
    "analysis",
    "parameter",
    "population",
    "group",
    "visit",
    "level",
    "statistic",
    "value",
    "unit",
    "decimals",
    "rowset",
    "definition",
    "data",
)
BOX = ("minimum", "q1", "median", "q3", "maximum")


def spread(count: int, mean: float, sd: float, salt: int = 0) -> list[float]:
    """Values around a mean, the same on every run: normal quantiles in a shuffled order."""
    normal = statistics.NormalDist(mean, sd)
    values = [round(normal.inv_cdf((i + 0.5) / count), 1) for i in range(count)]
    random.Random(salt).shuffle(values)
    return values


class Study:
    """A made-up study, written in the formats of results/<study>."""

    def __init__(self, plan: dict) -> None:
        self.plan = Plan.model_validate(plan)
        self.estimates: list[tuple] = []
        self.records: dict[str, list[tuple]] = {name: [] for name in plan["datasets"]}
        self.members: dict[str, set[str]] = {}  # analysis or level -> the units that it uses; none: all

    def record(self, dataset, unit, parameter, visit="", value=None, text=None, status="observed") -> None:
        self.records[dataset].append((unit, parameter, visit, value, text, status))

    def estimate(
        self, analysis, parameter, statistic, value, group="all", visit="", level="", unit="", decimals=1
    ) -> None:
        name = digest_of([self.plan.study, analysis, parameter, group, visit, level, statistic], 12)
        rowset = digest_of([analysis, parameter, group, visit, level if level in self.members else ""], 16)
        self.estimates.append(
            (
                name,
                analysis,
                parameter,
                "full",
                group,
                visit,
                level,
                statistic,
                math.nan if value is None else float(value),
                unit,
                decimals,
                rowset,
                "d",
                "simulated",
            )
        )

    def describe(self, analysis: str) -> None:
        """All statistics of the method describe, of each group and all together."""
        entry = self.plan.analyses[analysis]
        dataset = self.plan.datasets[entry.dataset]
        rows = self.records[entry.dataset]
        member = {unit: text for unit, p, _, _, text, _ in rows if p == dataset.group}
        for parameter in entry.parameters:
            declared = dataset.parameters[parameter]
            for visit in declared.visits or ("",):
                for group in [*dataset.groups, "all"]:
                    found = [
                        v
                        for u, p, at, v, _, status in rows
                        if (p, at, status) == (parameter, visit, "observed") and group in ("all", member.get(u))
                    ]
                    for statistic, value in described(found).items():
                        digits = 0 if statistic == "n" else declared.decimals
                        self.estimate(analysis, parameter, statistic, value, group, visit, "", declared.unit, digits)

    def write(self, folder) -> None:
        store.write_csv(folder / "estimates.csv", COLUMNS, self.estimates)
        for name, rows in self.records.items():
            fields = ("unit", "parameter", "visit", "value", "text", "status")
            columns = dict(zip(fields, zip(*rows, strict=True), strict=True)) if rows else {f: [] for f in fields}
            frame = {"record": list(range(1, len(rows) + 1)), **{f: list(columns[f]) for f in fields}}
            store.write_table(folder / "datasets" / f"{name}.parquet", frame)
        rowsets = {row[11]: self._rowset(*row[1:3], *row[4:7], row[11]) for row in self.estimates}
        columns = zip(*(row for rows in rowsets.values() for row in rows), strict=True)
        names = ("rowset", "dataset", "record", "role", "reason")
        store.write_table(folder / "rowsets.parquet", dict(zip(names, map(list, columns), strict=True)))

    def _rowset(self, analysis, parameter, group, visit, level, rowset) -> list[tuple]:
        """The records of a number: those of its parameter, group and visit, each used or left out with a reason."""
        entry = self.plan.analyses[analysis]
        group_name, groups = self.plan.datasets[entry.dataset].group, self.plan.datasets[entry.dataset].groups
        rows = self.records[entry.dataset]
        member = {unit: text for unit, p, _, _, text, _ in rows if p == group_name}
        units = self.members.get(level, self.members.get(analysis))
        found = []
        for record, (unit, p, when, _, _, status) in enumerate(rows, 1):
            if (p, when) == (parameter, visit) and (group not in groups or member.get(unit) == group):
                reason = status * (status != "observed") or "not in population" * (
                    units is not None and unit not in units
                )
                found.append((rowset, entry.dataset, record, "outcome", reason))
        return found or [(rowset, entry.dataset, 0, "outcome", "")]


def described(values: list[float]) -> dict:
    """The statistics of the method describe; without values only n."""
    names = ("n", "mean", "sd", "ci_low", "ci_high", *BOX)
    if not values:
        return {"n": 0, **dict.fromkeys(names[1:])}
    mean = statistics.mean(values)
    if len(values) == 1:
        return {"n": 1, "mean": mean, "sd": None, "ci_low": None, "ci_high": None, **dict.fromkeys(BOX, mean)}
    sd = statistics.stdev(values)
    half = 2 * sd / math.sqrt(len(values))
    q1, median, q3 = statistics.quantiles(values, method="inclusive")
    numbers = (len(values), mean, sd, mean - half, mean + half, min(values), q1, median, q3, max(values))
    return dict(zip(names, numbers, strict=True))


def parameter(label: str, unit: str = "", visits: tuple = (), **more) -> dict:
    return {"derive": "column", "label": label, "unit": unit, "visits": list(visits), **more}


def plan_of(study: str, datasets: dict, analyses: dict, figures: dict, kind: str = "simulated") -> dict:
    """A plan with just what figures read."""
    whole = {"full": {"label": "All enrolled"}}
    for dataset in datasets.values():
        dataset.update(
            roster={"table": "roster", "column": "id"}, populations={**whole, **dataset.get("populations", {})}
        )
    return {
        "study": study,
        "title": "A made-up study",
        "kind": kind,
        "statement": "Made-up data.",
        "design": "made up",
        "tables": {"roster": {"reader": "delimited"}},
        "datasets": datasets,
        "analyses": {k: {"title": k.capitalize(), **v} for k, v in analyses.items()},
        "figures": figures,
    }


VISITS = {"baseline": "Baseline", "month1": "1 month", "month3": "3 months"}
GROUPS = {"sham": "Sham treatment", "omt": "Osteopathic treatment"}


def clinic(count: int = 11, groups: dict | None = None, kind: str = "simulated", **more) -> Study:
    """Participants with three questionnaires at three visits; one is not scheduled at a month, some are missing."""
    groups = groups or {}
    three, names = tuple(VISITS), ("hit6", "msq", "midas")
    parameters = {
        "hit6": parameter("HIT-6 total", "points", three, better="lower"),
        "msq": parameter("MSQ role function, restrictive", "points (0 to 100)", three, better="higher"),
        "midas": parameter("MIDAS grade points", "days lost in 3 months", (three[0], three[2])),
        "sessions": parameter("Sessions attended", "sessions"),
        **({"arm": parameter("Arm")} if groups else {}),
    }
    dataset = {
        "unit": "participant",
        "visits": VISITS,
        "baseline": "baseline",
        "parameters": parameters,
        "group": "arm" if groups else "",
        "groups": groups,
        "populations": {"treated": {"label": "Treated", "where": "sessions >= 3"}},
    }
    each = {"dataset": "participants", "parameters": names}
    analyses = {
        "summary": {"method": "describe", **each},
        "treated": {"method": "describe", "population": "treated", **each, "parameters": ["hit6"]},
        "flow": {"method": "flow", "dataset": "participants", "parameters": ["hit6"]},
        "change": {"method": "paired_change", **each},
        "compared": {"method": "ancova", "dataset": "participants", "parameters": ["hit6", "msq"]},
    }
    figures = more.pop(
        "figures",
        {
            "lines": {"figure": "paired_lines", "analyses": ["summary"], "title": "Scores of each participant"},
            "boxes": {"figure": "distribution", "analyses": ["summary"], "title": "Distribution of scores"},
            "means": {"figure": "means", "analyses": ["summary"], "title": "Mean scores"},
            "flow": {"figure": "flow", "analyses": ["flow"], "title": "Flow of participants"},
            "forest": {
                "figure": "forest",
                "analyses": ["compared" if groups else "change"],
                "title": "Differences",
                "options": {"better": "favours treatment", "worse": "favours sham"} if groups else {},
            },
        },
    )
    study = Study(plan_of("clinic", {"participants": dataset}, analyses, figures, kind))
    centre, width = {"hit6": 62, "msq": 45, "midas": 40}, {"hit6": 5, "msq": 18, "midas": 22}
    keys = list(groups)
    for i in range(count):
        unit = f"P{i + 1:03d}"
        study.record("participants", unit, "sessions", value=2 + i % 4)
        if groups:
            study.record("participants", unit, "arm", text=keys[i % len(keys)])
    for at, name in enumerate(names):
        base = spread(count, centre[name], width[name], at)
        for when, visit in enumerate(parameters[name]["visits"]):
            noise = spread(count, 0, width[name] / 3, 5 + at + when)
            for i in range(count):
                gain = (-1 if name != "msq" else 1) * when * width[name] / 4 * (1 + (i % 2) * bool(groups))
                value = max(0.0, base[i] + noise[i] + gain)
                value = float(round(value)) if name != "msq" else value
                missing = when and (i * 5 + when) % 13 == 3
                study.record(
                    "participants",
                    f"P{i + 1:03d}",
                    name,
                    visit,
                    None if missing else value,
                    status="not collected" if missing else "observed",
                )
    study.describe("summary")
    _flow(study, groups)
    _differences(study, groups)
    return study


def _flow(study: Study, groups: dict) -> None:
    rows = study.records["participants"]
    member = {unit: text for unit, p, _, _, text, _ in rows if p == "arm"}
    for group in [*groups, "all"]:
        mine = [r for r in rows if group in ("all", member.get(r[0]))]
        enrolled = len({r[0] for r in mine})
        for visit in VISITS:
            at = [r for r in mine if (r[1], r[2]) == ("hit6", visit)]
            seen = [r for r in at if r[5] == "observed"]
            gone = len(at) - len(seen)
            incomplete = int(visit == "month3" and gone > 0)
            boxes = {
                "enrolled": enrolled,
                "assessed": len(seen),
                "excluded: incomplete: fewer than six items answered": incomplete,
                "excluded: not collected": gone - incomplete,
                "analysed": len(seen),
            }
            for name, count in boxes.items():
                study.estimate("flow", "hit6", "n", count, group, visit, name, decimals=0)


def _differences(study: Study, groups: dict) -> None:
    names = ["compared", "difference"] if groups else ["change", "mean_change"]
    contrasts = [f"{key} - {next(iter(groups))}" for key in list(groups)[1:]] if groups else ["all"]
    for name in study.plan.analyses[names[0]].parameters:
        declared = study.plan.datasets["participants"].parameters[name]
        for when, visit in enumerate(declared.visits[1:]):
            for k, contrast in enumerate(contrasts):
                value = -1.9 - when - k + (9 if name == "msq" else 0)
                for statistic, shift in ((names[1], 0), ("ci_low", -2.4), ("ci_high", 2.4)):
                    study.estimate(names[0], name, statistic, value + shift, contrast, visit, "", declared.unit)


RODENT = {
    "vehicle_sham": "Vehicle + sham",
    "vehicle_omt": "Vehicle + OMT",
    "ntg_sham": "Nitroglycerin + sham",
    "ntg_omt": "Nitroglycerin + OMT",
}
HOURS = {f"h{hour}": f"{hour} h" for hour in range(6)}


def rodent(markers: int = 4, animals: int = 32, empty: bool = False, plates: int = 4, **more) -> Study:
    """Animals in four groups with biomarkers and hourly thresholds, and the wells of the assay's plates."""
    labels = ["CGRP in serum", "c-Fos in the trigeminal nucleus caudalis", "TNF-alpha", "IL-1 beta", "PACAP-38", "BDNF"]
    names = [f"marker{i + 1}" for i in range(markers)]
    parameters = {
        "arm": parameter("Group"),
        **{n: parameter(labels[i % 6] + ("" if i < 6 else f" ({i})"), "pg/mL") for i, n in enumerate(names)},
        "threshold": parameter("Periorbital threshold", "g", tuple(HOURS)),
    }
    wells = {
        "unit": "well",
        "group": "plate",
        "groups": {f"P{i + 1}": f"Plate {i + 1}" for i in range(plates)},
        "populations": {"standards": {"label": "Standards", "where": "role == 'standard' or role == 'blank'"}},
        "parameters": {
            "concentration": parameter("CGRP", "pg/mL"),
            "signal": parameter("Absorbance", "OD"),
            "plate": parameter("Plate"),
            "role": parameter("Role"),
        },
    }
    animal = {"unit": "animal", "visits": HOURS, "group": "arm", "groups": RODENT, "parameters": parameters}
    analyses = {
        "markers": {"method": "describe", "dataset": "animals", "parameters": names},
        "pain": {"method": "describe", "dataset": "animals", "parameters": ["threshold"]},
        "standards": {
            "method": "standard_curve",
            "dataset": "wells",
            "parameters": ["signal"],
            "population": "standards",
            "options": {"concentration": "concentration"},
        },
    }
    figures = more.pop(
        "figures",
        {
            "markers": {"figure": "groups", "analyses": ["markers"], "title": "Biomarkers by group"},
            "markers_log": {
                "figure": "groups",
                "analyses": ["markers"],
                "title": "Biomarkers",
                "options": {"log": True},
            },
            "pain": {
                "figure": "means",
                "analyses": ["pain"],
                "title": "Thresholds after nitroglycerin",
                "options": {"axis": "Hours after nitroglycerin"},
            },
            "curves": {"figure": "curves", "analyses": ["standards"], "title": "Standard curves"},
        },
    )
    study = Study(plan_of("rodent", {"animals": animal, "wells": wells}, analyses, figures))
    arms = list(RODENT)[: 3 if empty else 4]
    for i in range(animals):
        study.record("animals", f"A{i + 1:02d}", "arm", text=arms[i % len(arms)])
    for at, name in enumerate(names):
        values = spread(animals, 0, 0.35, at)
        for i in range(animals):
            level = 120 * (at + 1) * math.exp(values[i] + (0.7, 0.6, 1.9, 1.2)[i % len(arms)])
            study.record("animals", f"A{i + 1:02d}", name, value=round(level, 2))
    for hour, visit in enumerate(HOURS):
        values = spread(animals, 0, 0.8, hour)
        for i in range(animals):
            fall = (0, 0, 4, 2)[i % len(arms)] * math.sin(hour / 2)
            study.record("animals", f"A{i + 1:02d}", "threshold", visit, round(max(0.4, 7 - fall + values[i]), 2))
    study.describe("markers")
    study.describe("pain")
    _plates(study, plates)
    return study


def _plates(study: Study, plates: int) -> None:
    """Each plate with doubles of a zero and seven standards, a control that no curve uses, and its curve."""
    for plate in range(plates):
        name = f"P{plate + 1}"
        a, b, c, d = 0.06 + 0.01 * plate, 1.1 + 0.05 * plate, 210.0 + 12 * plate, 2.6
        for statistic, value in (*zip("abcd", (a, b, c, d), strict=True), ("n", 16)):
            unit, decimals = {"b": ("", 4), "c": ("pg/mL", 4), "n": ("", 0)}.get(statistic, ("OD", 4))
            study.estimate("standards", "signal", statistic, value, name, unit=unit, decimals=decimals)
        doses = [0.0, 15.6, 31.25, 62.5, 125.0, 250.0, 500.0, 1000.0]
        for i, dose in enumerate([*doses, *doses, 80.0]):
            well = f"{name}/{'ABCDEFGH'[i % 8]}{i // 8 + 1}"
            signal = d + (a - d) / (1 + (dose / c) ** b) if dose else a
            study.record("wells", well, "plate", text=name)
            study.record("wells", well, "role", text="control" if i == 16 else "standard" if dose else "blank")
            if i < 16:
                study.members.setdefault("standards", set()).add(well)
            study.record("wells", well, "concentration", value=dose)
            study.record("wells", well, "signal", value=round(signal * (1 + 0.04 * ((i * 5) % 7 - 3) / 3), 4))


def drawn(study: Study, name: str, folder) -> tuple[Sheet, Drawing]:
    """One figure of a study, with its artists."""
    study.write(folder)
    entry = study.plan.figures[name]
    kind = plugin("figures", entry.figure, "FIGURE")
    with style.theme(name):
        sheet = Sheet(study.plan, name, folder, Estimates.of_file(folder / "estimates.csv"), "plan")
        drawing = kind.draw(sheet, checked(kind.options, entry.options, name))
        sheet.finish()
        sheet.figure.draw_without_rendering()
    return sheet, drawing


class Element:
    """One element of a mark that has several: the place of a point, or the ends of a line."""

    def __init__(self, collection, i: int) -> None:
        self.axes = collection.axes
        segments = getattr(collection, "get_segments", None)
        self._ends = segments()[i] if segments else collection.get_offsets()[i : i + 1]

    def get_xdata(self) -> list[float]:
        return [float(x) for x, _ in self._ends]

    def get_ydata(self) -> list[float]:
        return [float(y) for _, y in self._ends]


def shown(sheet: Sheet) -> dict[str, list]:
    """Number id -> artists that carry it, or their elements."""
    found: dict[str, list] = {}
    for artist in sheet.figure.findobj(lambda a: str(a.get_gid() or "").startswith("number-")):
        found.setdefault(artist.get_gid().removeprefix("number-"), []).append(artist)
    for artist in sheet.figure.findobj(lambda a: str(a.get_gid() or "").startswith("marks-")):
        for i, number in enumerate(sheet.marks()[artist.get_gid()]):
            found.setdefault(number.id, []).append(Element(artist, i))
    return found


def lines(axes, label: str) -> list:
    """Lines of a panel with a label."""
    return [line for line in axes.lines if line.get_label() == label]


def points(axes, label: str) -> list[tuple[float, float]]:
    """Places of the points of a panel with a label."""
    some = [c for c in axes.collections if c.get_label() == label]
    return [(float(x), float(y)) for c in some for x, y in c.get_offsets()]


def values_of(study: Study, dataset: str, parameter: str, visit: str, group: str = "all") -> list[float]:
    """Observed values in the records of a study."""
    plan = study.plan.datasets[dataset]
    member = {unit: text for unit, p, _, _, text, _ in study.records[dataset] if p == plan.group}
    return [
        value
        for unit, p, at, value, _, status in study.records[dataset]
        if (p, at, status) == (parameter, visit, "observed") and group in ("all", member.get(unit))
    ]


def only(study: Study, **figures) -> Study:
    """The study with other figures."""
    entries = {name: {"title": name, **entry} for name, entry in figures.items()}
    study.plan = Plan.model_validate({**study.plan.model_dump(by_alias=True), "figures": entries})
    return study


# --- the files written


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two studies with all kinds of figures, drawn twice by two processes of unlike surroundings."""
    root = tmp_path_factory.mktemp("figures")
    animals = {"figure": "groups", "analyses": ["markers"], "options": {"log": True}}
    curves = {"figure": "curves", "analyses": ["standards"]}
    studies = {"clinic": clinic(12, GROUPS), "rodent": only(rodent(2, plates=2), animals=animals, curves=curves)}
    script = (
        "import sys, pathlib\n"
        "from omtrace.figures import draw_figures\n"
        "from omtrace.model.plan import Plan\n"
        "for folder in map(pathlib.Path, sys.argv[1:]):\n"
        "    draw_figures(Plan.model_validate_json((folder / 'plan.json').read_text()), folder)\n"
    )
    for turn, zone, seed, language in (("first", "UTC", "1", "C"), ("second", "Asia/Tokyo", "77", "de_DE.UTF-8")):
        for name, study in studies.items():
            study.write(root / turn / name)
            (root / turn / name / "plan.json").write_text(study.plan.model_dump_json(by_alias=True))
        rc = root / turn / "matplotlibrc"
        rc.write_text("font.size: 20\nlines.linewidth: 9\n" if turn == "second" else "")
        surroundings = {
            "PYTHONPATH": str(Path(style.__file__).parents[2]),
            "TZ": zone,
            "PYTHONHASHSEED": seed,
            "LC_ALL": language,
            "MATPLOTLIBRC": str(rc),
            "HOME": str(root),
        }
        folders = [str(root / turn / name) for name in studies]
        subprocess.run([sys.executable, "-W", "error", "-c", script, *folders], check=True, env=surroundings)
    return root, studies


def test_two_processes_write_the_same_bytes(written):
    root, studies = written
    for name, study in studies.items():
        files = sorted(p.name for p in (root / "first" / name / "figures").iterdir())
        ends = ("svg", "png", "csv")
        assert files == sorted(["index.json", *(f"{f}.{end}" for f in study.plan.figures for end in ends)])
        for file in files:
            first, second = ((root / turn / name / "figures" / file).read_bytes() for turn in ("first", "second"))
            assert first == second, file


def test_images_tell_no_date_or_software(written):
    from PIL import Image

    root, studies = written
    for name, study in studies.items():
        for figure in study.plan.figures:
            path = root / "first" / name / "figures" / figure
            svg = path.with_suffix(".svg").read_text()
            assert "dc:date" not in svg and "matplotlib.org" not in svg.lower().replace("www.", "")
            with Image.open(path.with_suffix(".png")) as image:
                assert image.width == round(style.WIDTH * style.DPI) and set(image.info) == {"dpi"}
                assert round(image.info["dpi"][0]) == 300


def test_each_number_of_the_index_stands_once_in_the_svg(written):
    root, studies = written
    for name, study in studies.items():
        estimates = {row[0] for row in study.estimates}
        index = store.read_json(root / "first" / name / "figures" / "index.json")
        assert [entry["name"] for entry in index] == list(study.plan.figures)
        for entry in index:
            assert set(entry) == {"name", "title", "alt", "numbers", "note"}
            assert entry["title"] == study.plan.figures[entry["name"]].title and entry["alt"] and entry["note"]
            tree = ElementTree.parse(root / "first" / name / "figures" / f"{entry['name']}.svg")
            ids = [element.get("id") for element in tree.iter() if element.get("id")]
            assert len(ids) == len(set(ids))
            marked = [i.removeprefix("number-") for i in ids if i.startswith("number-")]
            assert sorted(marked) == sorted(entry["numbers"]) and set(marked) <= estimates
            assert len(marked) >= 8
            drawn_paths = [e for e in tree.iter() if (e.get("id") or "").startswith("number-")]
            assert all(len(list(e.iter())) > 1 for e in drawn_paths), "a mark is empty"


def test_simulated_data_are_labelled_and_real_data_are_not(tmp_path):
    for kind, expected in (("simulated", 1), ("real", 0)):
        study = clinic(kind=kind)
        for name in ("means", "flow", "forest"):
            sheet, _ = drawn(study, name, tmp_path / kind)
            assert [t.get_text() for t in sheet.figure.texts].count("Simulated data") == expected


# --- what is drawn


def test_means_are_the_estimates_in_the_order_of_the_plan(tmp_path):
    study = clinic(12, dict(reversed(GROUPS.items())))
    sheet, drawing = drawn(study, "means", tmp_path)
    axes = sheet.figure.axes[0]
    estimates = Estimates.of_file(tmp_path / "estimates.csv")
    ids = shown(sheet)
    assert sorted(ids) == sorted(drawing.numbers)
    previous = -1.0
    for place, visit in enumerate(VISITS):
        for group in study.plan.datasets["participants"].groups:
            mean, low, high, n = (
                estimates.find(Name("summary", "hit6", s, group, visit)) for s in ("mean", "ci_low", "ci_high", "n")
            )
            (point,) = ids[mean.id]
            assert list(point.get_ydata()) == [mean.value]
            assert previous < point.get_xdata()[0] and abs(point.get_xdata()[0] - place) < 0.3
            previous = point.get_xdata()[0]
            assert [set(ids[end.id][0].get_ydata()) for end in (low, high)] == [{low.value}, {high.value}]
            assert ids[n.id][0].get_text() == n.shown
    assert [t.get_text() for t in axes.get_xticklabels()] == list(VISITS.values())
    legend = [text.get_text() for text in sheet.figure.legends[0].get_texts()]
    assert legend == ["Osteopathic treatment", "Sham treatment"]
    assert estimates.find(Name("summary", "hit6", "mean", "omt", "month1")).shown in drawing.alt


def test_means_over_hours_stand_at_their_positions(tmp_path):
    hours = {key: float(place) for key, place in zip(HOURS, (0, 1, 2, 4, 8, 24), strict=True)}
    options = {"positions": hours, "axis": "Hours"}
    study = only(rodent(), pain={"figure": "means", "analyses": ["pain"], "options": options})
    sheet, _ = drawn(study, "pain", tmp_path)
    assert list(sheet.figure.axes[0].get_xticks()) == list(hours.values())
    assert sheet.figure.axes[0].get_xlabel() == "Hours"
    del hours["h5"]
    with pytest.raises(Fault, match="positions: visit 'h5' of 'threshold' has no position"):
        drawn(
            study := only(study, pain={"figure": "means", "analyses": ["pain"], "options": options}), "pain", tmp_path
        )


def test_each_participant_has_a_line_that_breaks_where_a_value_is_missing(tmp_path):
    study = clinic(11)
    sheet, drawing = drawn(study, "lines", tmp_path)
    axes = sheet.figure.axes[0]
    drawn_runs = sorted(
        tuple(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in axes.lines
        if line.get_color() == style.THIN
    )
    recorded: dict[str, dict] = {}
    for unit, p, visit, value, _, status in study.records["participants"]:
        if p == "hit6":
            recorded.setdefault(unit, {})[visit] = value if status == "observed" else None
    runs = []
    for values in recorded.values():
        run: list[tuple[float, float]] = []
        for place, visit in enumerate(VISITS):
            if values[visit] is None:
                runs.append(tuple(run))
                run = []
            else:
                run.append((place, values[visit]))
        runs.append(tuple(run))
    assert drawn_runs == sorted(run for run in runs if run)
    assert any(
        values["month1"] is None and None not in (values["baseline"], values["month3"]) for values in recorded.values()
    )
    seen = [v for values in recorded.values() for v in values.values() if v is not None]
    assert sorted(y for _, y in points(axes, "units")) == sorted(seen)
    assert len(drawing.numbers) == (3 + 3 + 2) * 4 == len(shown(sheet))


def test_panels_of_one_parameter_share_their_scale(tmp_path):
    sheet, _ = drawn(clinic(16, GROUPS), "lines", tmp_path)
    limits = [axes.get_ylim() for axes in sheet.figure.axes]
    assert limits[0] == limits[1] and limits[2] == limits[3] and limits[0] != limits[2]
    assert [axes.get_title(loc="left") for axes in sheet.figure.axes[:2]] == [
        "HIT-6 total – Sham treatment",
        "HIT-6 total – Osteopathic treatment",
    ]


def test_boxes_are_five_estimates_and_points_are_records(tmp_path):
    study = clinic(30, GROUPS)
    sheet, _ = drawn(study, "boxes", tmp_path)
    ids, estimates = shown(sheet), Estimates.of_file(tmp_path / "estimates.csv")
    axes = sheet.figure.axes[0]
    units = points(axes, "units")
    for place, visit in enumerate(VISITS):
        for group in GROUPS:
            numbers = [estimates.find(Name("summary", "hit6", statistic, group, visit)) for statistic in BOX]
            assert [set(ids[n.id][0].get_ydata()) for n in numbers] == [{n.value} for n in numbers]
            values = values_of(study, "participants", "hit6", visit, group)
            mine, units = units[: len(values)], units[len(values) :]
            assert [y for _, y in mine] == values
            box = ids[numbers[1].id][0].get_xdata()
            assert all(box[0] <= x <= box[1] for x, _ in mine)
            assert abs(sum(box) / 2 - place) < 0.5
    assert units == []


def test_animals_are_points_beside_the_mean_of_their_group(tmp_path):
    study = rodent(markers=2)
    sheet, drawing = drawn(study, "markers_log", tmp_path)
    ids, estimates = shown(sheet), Estimates.of_file(tmp_path / "estimates.csv")
    for axes, name in zip(sheet.figure.axes, ("marker1", "marker2"), strict=True):
        assert axes.get_yscale() == "log"
        units = points(axes, "units")
        for place, group in enumerate(RODENT):
            values = values_of(study, "animals", name, "", group)
            mine, units = units[: len(values)], units[len(values) :]
            assert [y for _, y in mine] == values
            mean = estimates.find(Name("markers", name, "mean", group))
            (mark,) = ids[mean.id]
            assert list(mark.get_ydata()) == [mean.value] and 0 < mark.get_xdata()[0] - place < 0.5
            assert max(x for x, _ in mine) < mark.get_xdata()[0]
        assert units == []
    assert len(drawing.numbers) == 2 * 4 * 4 == len(ids)


def test_an_empty_group_has_a_place_and_a_count_of_none(tmp_path):
    study = rodent(markers=2, empty=True)
    sheet, drawing = drawn(study, "markers", tmp_path)
    axes = sheet.figure.axes[0]
    n = Estimates.of_file(tmp_path / "estimates.csv").find(Name("markers", "marker1", "n", "ntg_omt"))
    assert shown(sheet)[n.id][0].get_text() == "0" and len(axes.get_xticklabels()) == 4
    assert all(x < 2.5 for x, _ in points(axes, "units")) and len(drawing.numbers) == 2 * (3 * 4 + 1)
    assert "Nitroglycerin + OMT" not in drawing.alt


def test_standards_stand_on_their_curve_and_the_zero_left_of_the_break(tmp_path):
    study = rodent(plates=3)
    sheet, drawing = drawn(study, "curves", tmp_path)
    estimates = Estimates.of_file(tmp_path / "estimates.csv")
    assert [axes.get_title(loc="left") for axes in sheet.figure.axes] == ["Plate 1", "Plate 2", "Plate 3"]
    for axes, plate in zip(sheet.figure.axes, ("P1", "P2", "P3"), strict=True):
        numbers = [estimates.find(Name("standards", "signal", s, plate)) for s in "abcd"]
        wells = points(axes, "wells")
        (curve,), (zero,) = (lines(axes, label) for label in ("curve", "curve at zero"))
        records = study.records["wells"]
        of = {p: {r[0]: r[3] for r in records if r[1] == p} for p in ("concentration", "signal")}
        roles = {r[0]: r[4] for r in records if r[1] == "role"}
        used = [u for u in of["signal"] if u.startswith(plate + "/") and roles[u] != "control"]
        assert [y for _, y in wells] == [of["signal"][u] for u in used] and len(used) == 16
        doses = [of["concentration"][u] for u in used]
        lowest = min(d for d in doses if d)
        for dose, (x, _) in zip(doses, wells, strict=True):
            assert x == dose if dose else axes.get_xlim()[0] < x < lowest
        expected = responses(list(curve.get_xdata()), {n.statistic: n.value for n in numbers})
        assert list(curve.get_ydata()) == pytest.approx(expected)
        assert list(zero.get_ydata()) == pytest.approx([numbers[0].value] * 2)  # b > 0: a at zero
        assert axes.get_xticklabels()[0].get_text() == "0" and len(lines(axes, "break")) == 3
        texts = [shown(sheet)[n.id][0].get_text() for n in numbers]
        assert texts[2] == f"c = {numbers[2].value:.3g} pg/mL" and texts[0].startswith("a = 0.0")
    assert len(drawing.numbers) == 12


def test_the_curve_follows_its_formula():
    rising = {"a": 0.1, "b": 1.5, "c": 200, "d": 3}
    assert responses([0, 200, 1e12], rising) == pytest.approx([0.1, (0.1 + 3) / 2, 3])
    assert responses([0, 200], {**rising, "b": -1.5, "g": 2.0}) == pytest.approx([3, 3 - 2.9 / 4])
    assert responses([0, 2], {"intercept": 1, "slope": 2}) == [1, 5]
    assert responses([3], {"intercept": 1, "slope": 2, "curvature": -0.1}) == pytest.approx([6.1])
    assert responses([100], {"log_intercept": -1, "log_slope": 1}) == pytest.approx([10])
    levels = [0, 10, 100, 1000]
    assert responses(levels, {}, [(x, 2 * x) for x in levels]) == pytest.approx([2 * x for x in levels])
    assert all(math.isnan(y) for y in responses([5, 2000], {}, [(x, 2 * x) for x in levels]))


def test_a_refused_plate_shows_its_wells_and_the_reason(tmp_path):
    study = rodent(plates=3)
    study.estimates = [row for row in study.estimates if not (row[1] == "standards" and row[4] in ("P2", "P3"))]
    study.estimate("standards", "signal", "n", 16, "P2", level="refused: flat", decimals=0)
    study.estimate("standards", "signal", "n", 0, "P3", level="refused: no standards", decimals=0)
    study.records["wells"] = [r for r in study.records["wells"] if not (r[0].startswith("P3/") and r[1] == "signal")]
    sheet, drawing = drawn(study, "curves", tmp_path)
    second, third = sheet.figure.axes[1:]
    assert lines(second, "curve") == [] and len(points(second, "wells")) == 16
    assert [t.get_text() for t in second.texts] == ["No curve: flat"] and points(third, "wells") == []
    assert [" ".join(t.get_text().split()) for t in third.texts] == ["No curve: no standards"]
    assert len(drawing.numbers) == 4 + 1 + 1 and "Plate 2: no curve, flat" in drawing.alt


def charts(plates: int) -> Study:
    """Two controls over plates, the last of which breaks rules."""
    wells = {
        "unit": "well",
        "group": "plate",
        "groups": {f"P{i}": f"Plate {i}" for i in range(plates)},
        "parameters": {"plate": parameter("Plate"), "control": parameter("Control"), "x": parameter("CGRP", "pg/mL")},
    }
    analyses = {
        "qc": {
            "method": "levey_jennings",
            "dataset": "wells",
            "parameters": ["x"],
            "options": {"control": "control", "baseline": ["P0", "P1"]},
        }
    }
    figures = {"qc": {"figure": "levey_jennings", "analyses": ["qc"], "title": "Controls"}}
    study = Study(plan_of("qc", {"wells": wells}, analyses, figures))
    for i in range(plates):
        for control in ("QC1", "QC2"):
            z = -4.5 if i == plates - 1 and control == "QC1" else math.sin(i)
            study.estimate("qc", "x", "z", z, f"P{i}", level=control, decimals=2)
    last = f"P{plates - 1}"
    for rule in ("1-2s", "1-3s"):
        study.estimate("qc", "x", "rule_broken", -4.5, last, level=f"{rule}, QC1: Plate {plates - 1}", decimals=2)
    return study


def test_controls_stand_at_their_distance_and_name_the_rules_that_they_break(tmp_path):
    sheet, drawing = drawn(charts(6), "qc", tmp_path)
    first, second = sheet.figure.axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["Control QC1: CGRP", "Control QC2: CGRP"]
    (course,) = (line for line in first.lines if len(line.get_xdata()) == 6)
    assert list(course.get_ydata()) == pytest.approx([*map(math.sin, range(5)), -4.5], abs=1e-9)
    assert second.get_xlabel() == "Plate" and "1-3s: one value beyond 3 SD" in drawing.note
    assert [text.get_text() for text in first.texts] == ["1-2s, 1-3s"] and not second.texts
    assert len(drawing.numbers) == 13 and "broken: 1-2s, 1-3s" in drawing.alt and "no rule broken" in drawing.alt
    assert clashes(sheet) == []
    many, _ = drawn(charts(300), "qc", tmp_path)
    assert clashes(many) == [] and len(many.figure.axes[0].get_xticklabels()) < 60


def test_forest_has_a_row_for_each_estimate(tmp_path):
    study = clinic(20, {**GROUPS, "wait": "Waiting list"})
    sheet, drawing = drawn(study, "forest", tmp_path)
    estimates = Estimates.of_file(tmp_path / "estimates.csv")
    ids = shown(sheet)
    assert len(sheet.figure.axes) == 2, "a panel for each unit"
    for axes, name in zip(sheet.figure.axes, ("hit6", "msq"), strict=True):
        rows = [n for n in estimates.of("compared", ["difference"]) if n.parameter == name]
        heights = []
        for n in rows:
            (mark,) = ids[n.id]
            assert list(mark.get_xdata()) == [n.value] and mark.axes is axes
            heights.append(mark.get_ydata()[0])
            for end in ("ci_low", "ci_high"):
                number = estimates.find(Name("compared", name, end, n.group, n.visit))
                assert set(ids[number.id][0].get_xdata()) == {number.value}
        assert heights == sorted(heights) and len(set(heights)) == 4
        (line,) = lines(axes, "reference")
        assert set(line.get_xdata()) == {0}
    texts = [t.get_text() for t in sheet.figure.axes[0].texts]
    assert "HIT-6 total" in texts and "   1 month, Waiting list − Sham treatment" in texts
    assert "Estimate (95% CI)" in texts
    assert "−1.9 (−4.3 to 0.5)" in texts and len(drawing.numbers) == 24
    sides = [[t.get_text() for t in axes.texts if "favours" in t.get_text()] for axes in sheet.figure.axes]
    assert sides == [["◂ favours treatment", "favours sham ▸"], ["◂ favours sham", "favours treatment ▸"]]


def test_flow_shows_each_count_and_only_reasons_that_occur(tmp_path):
    study = clinic(30, GROUPS)
    sheet, drawing = drawn(study, "flow", tmp_path)
    estimates = Estimates.of_file(tmp_path / "estimates.csv")
    texts = {i: " ".join(artists[0].get_text().split()) for i, artists in shown(sheet).items()}

    def count(level, group, visit):
        return estimates.find(Name("flow", "hit6", "n", group, visit, level))

    assert texts[count("enrolled", "all", "baseline").id] == "n = 30"
    for group in GROUPS:
        assert texts[count("enrolled", group, "baseline").id] == "n = 15"
        for visit in VISITS:
            assessed, missing = (count(level, group, visit) for level in ("assessed", "excluded: not collected"))
            analysed = count("analysed", group, visit)
            assert texts[analysed.id] == f"Analysed: n = {analysed.shown}" and assessed.id not in texts
            assert texts.get(missing.id) == (f"Not collected: n = {missing.shown}" if missing.value else None)
    written = [t.get_text() for t in sheet.figure.axes[0].texts]
    assert [t for t in written if t in VISITS.values()] == list(VISITS.values())
    assert "Sham treatment" in written and drawing.alt.startswith("Flow diagram. Enrolled: 30.")


# --- layout


def texts_of(sheet: Sheet) -> list:
    """Every text that is seen: tick labels only where the tick is within the limits."""
    found = [*sheet.figure.texts, *(t for legend in sheet.figure.legends for t in legend.get_texts())]
    for axes in sheet.figure.axes:
        found += [*axes.texts, axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
            low, high = sorted(axis.get_view_interval())
            labels = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            found += [label for place, label in labels if low <= place <= high]
    return [text for text in found if text.get_text().strip()]


def clashes(sheet: Sheet) -> list[str]:
    """Texts that leave the figure or cover one another (slanted ones aside)."""
    width, height = sheet.figure.bbox.width, sheet.figure.bbox.height
    with style.theme("clashes"):  # a locator chooses ticks by the size of their labels
        texts = [text for text in texts_of(sheet) if text.get_rotation() in (0, 90)]
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    found = [f"{t!r} leaves" for t, b in boxes if b.x0 < -1 or b.y0 < -1 or b.x1 > width + 1 or b.y1 > height + 1]
    for i, (text, box) in enumerate(boxes):
        for other, its in boxes[i + 1 :]:
            across = min(box.x1, its.x1) - max(box.x0, its.x0)
            along = min(box.y1, its.y1) - max(box.y0, its.y0)
            if across > 1 and along > 3:
                found.append(f"{text!r} covers {other!r}")
    return found


LONG = "Treatment of the neck and the shoulders by a practitioner with more than twelve years of experience"


@pytest.mark.parametrize(
    "study, names",
    [
        (lambda: clinic(11), ("lines", "boxes", "means", "flow", "forest")),
        (lambda: clinic(150, {**GROUPS, "long": LONG}), ("lines", "boxes", "means", "flow", "forest")),
        (lambda: rodent(markers=12, empty=True, plates=12), ("markers", "markers_log", "curves", "pain")),
    ],
    ids=["few participants", "150 participants and a long label", "12 panels and an empty group"],
)
def test_no_text_leaves_the_figure_or_covers_another(study, names, tmp_path):
    made = study()
    for name in names:
        sheet, _ = drawn(made, name, tmp_path)
        assert clashes(sheet) == [], name
        assert len(texts_of(sheet)) > 12


def test_points_side_by_side_do_not_cover_one_another():
    heights = [float(v) for v in spread(80, 100, 12, 3)] + [100.0] * 9
    offsets = marks.side_by_side(heights, 3.0, 1000)
    places = list(zip(offsets, heights, strict=True))
    gaps = [math.dist(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    assert min(gaps) >= 3 - 1e-6 and 0.0 in offsets and max(offsets) < 40
    assert offsets == marks.side_by_side(heights, 3.0, 1000)
    pressed = marks.side_by_side(heights, 3.0, 5)
    assert max(map(abs, pressed)) == pytest.approx(5)


def test_labels_lie_if_they_fit_and_are_slanted_if_not():
    assert not fitted(["Baseline", "1 month"], 60).slanted
    wrapped = fitted(["28 days before", "days 1 to 28"], 50)
    assert not wrapped.slanted and wrapped.labels[0] == "28 days\nbefore"
    slanted = fitted(["Nitroglycerin + sham", "Vehicle"], 30)
    assert slanted.slanted and slanted.depth > wrapped.depth


# --- populations, options, faults


def test_points_are_the_members_of_the_population(tmp_path):
    study = clinic(12)
    sessions = {r[0]: r[3] for r in study.records["participants"] if r[1] == "sessions"}
    for visit in VISITS:
        members = [
            r[3]
            for r in study.records["participants"]
            if (r[1], r[2], r[5]) == ("hit6", visit, "observed") and sessions[r[0]] >= 3
        ]
        for statistic, value in described(members).items():
            study.estimate("treated", "hit6", statistic, value, visit=visit)
    study.members["treated"] = {unit for unit, value in sessions.items() if value >= 3}
    sheet, _ = drawn(only(study, boxes={"figure": "distribution", "analyses": ["treated"]}), "boxes", tmp_path)
    at_baseline = [y for x, y in points(sheet.figure.axes[0], "units") if x < 0.5]
    assert len(at_baseline) == len(study.members["treated"]) < 12


def test_options_choose_parameters_visits_and_groups(tmp_path):
    options = {"parameters": ["msq"], "visits": ["month3", "baseline"], "by_group": False}
    study = only(clinic(12, GROUPS), means={"figure": "means", "analyses": ["summary"], "options": options})
    sheet, drawing = drawn(study, "means", tmp_path)
    (axes,) = sheet.figure.axes
    assert [t.get_text() for t in axes.get_xticklabels()] == ["Baseline", "3 months"]
    assert len(drawing.numbers) == 8 and sheet.figure.legends == []


@pytest.mark.parametrize("name", ["means", "paired", "groups"])
def test_a_mean_without_an_interval_is_drawn_and_the_legend_says_so(name, tmp_path):
    study = clinic(12, GROUPS)
    study.estimates = [r for r in study.estimates if (r[2], r[7][:3]) != ("msq", "ci_")]
    kinds = {"means": "means", "paired": "paired_lines", "groups": "groups"}
    only(study, **{name: {"figure": kinds[name], "analyses": ["summary"], "options": {"parameters": ["hit6", "msq"]}}})
    sheet, _ = drawn(study, name, tmp_path)
    estimates = Estimates.of_file(tmp_path / "estimates.csv")
    assert sheet.without_intervals == f"No interval: {study.plan.datasets['participants'].parameters['msq'].label}."
    ids = shown(sheet)
    assert all(n.id in ids for n in estimates.of("summary", ["mean"]) if n.parameter == "msq" and n.group != "all")
    draw_figures(study.plan, tmp_path)
    (entry,) = json.loads((tmp_path / "figures/index.json").read_text(encoding="utf-8"))
    assert entry["note"].endswith(sheet.without_intervals)


def test_a_missing_estimate_is_named(tmp_path):
    study = clinic(12, GROUPS)
    study.estimates = [r for r in study.estimates if (r[2], r[4], r[5], r[7]) != ("msq", "omt", "month3", "ci_low")]
    wanted = "analysis 'summary', parameter 'msq', visit 'month3', group 'omt', statistic 'ci_low'"
    with pytest.raises(Fault, match=re.escape(wanted)):
        drawn(study, "means", tmp_path)


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"figure": "mean"}, "there is no figure 'mean' in figures/; did you mean 'means'?"),
        ({"figure": "_theme"}, "there is no figure '_theme'"),
        ({"figure": "means", "options": {"parameter": ["hit6"]}}, "x.options: parameter: unknown key; did you mean"),
        ({"figure": "means", "options": {"parameters": ["hit"]}}, "in the figure's analyses; did you mean 'hit6'"),
        ({"figure": "means", "options": {"visits": ["week9"]}}, "'week9' is not in the figure's analyses"),
        ({"figure": "boxes"}, "there is no figure 'boxes'"),
        ({"figure": "flow", "analyses": ["flow", "summary"]}, "a flow is of one analysis, not of 2"),
        ({"figure": "curves"}, "has no group that names the plate"),
        ({"figure": "forest"}, "hold no statistic difference or mean_change"),
    ],
)
def test_faults_of_the_plan_say_what_is_wrong(entry, message, tmp_path):
    study = only(clinic(), x={"analyses": ["summary"], **entry})
    study.write(tmp_path)
    with pytest.raises(Fault, match=re.escape(message)):
        draw_figures(study.plan, tmp_path)
    assert not (tmp_path / "figures" / "index.json").exists()


def test_values_of_zero_cannot_stand_on_a_logarithmic_axis(tmp_path):
    study = rodent(markers=2)
    at = next(i for i, r in enumerate(study.records["animals"]) if r[1] == "marker2")
    row = study.records["animals"][at]
    study.records["animals"][at] = (*row[:3], 0.0, *row[4:])
    with pytest.raises(Fault, match="parameter 'marker2' has values, or limits .* take log out"):
        drawn(study, "markers_log", tmp_path)


def test_a_figure_that_the_data_do_not_allow_says_so_and_the_others_are_drawn(tmp_path):
    study = rodent(markers=2)
    at = next(i for i, r in enumerate(study.records["animals"]) if r[1] == "marker2")
    row = study.records["animals"][at]
    study.records["animals"][at] = (*row[:3], 0.0, *row[4:])
    figures = study.plan.model_dump(by_alias=True)["figures"]
    only(study, **{name: figures[name] for name in ("markers", "markers_log")})
    study.write(tmp_path)
    draw_figures(study.plan, tmp_path)
    drawn_one, not_drawn = json.loads((tmp_path / "figures/index.json").read_text(encoding="utf-8"))
    assert "not_drawn" not in drawn_one and drawn_one["numbers"]
    reason = (
        "parameter 'marker2' has values, or limits of an interval, of zero or less, which a logarithmic axis cannot"
    )
    assert reason in not_drawn["not_drawn"] and reason in not_drawn["alt"] and not_drawn["numbers"] == []
    assert (tmp_path / "figures/markers_log.svg").exists()
    line = "plan: figure markers_log: not drawn: "
    assert closing._not_drawn("plan", tmp_path / "figures/index.json")[0].startswith(line)


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"figure": "forest", "analyses": ["change"], "options": {"log": True}}, "limit or the reference is zero"),
        ({"figure": "forest", "analyses": ["change", "summary"]}, "analysis 'summary' has no estimate to draw"),
        ({"figure": "flow"}, "no estimate of analysis 'summary', parameter 'hit6'"),
    ],
)
def test_what_the_estimates_lack_is_said_in_place_of_the_figure(entry, message, tmp_path):
    study = only(clinic(), x={"analyses": ["summary"], **entry})
    study.write(tmp_path)
    draw_figures(study.plan, tmp_path)
    (found,) = json.loads((tmp_path / "figures/index.json").read_text(encoding="utf-8"))
    assert message in found["not_drawn"] and found["numbers"] == []


def test_records_that_differ_from_the_analysis_are_refused(tmp_path):
    study = clinic()
    rows = study.records["participants"]
    rows.remove(next(r for r in rows if (r[1], r[2]) == ("hit6", "baseline")))
    with pytest.raises(Fault, match=r"counts 11 values of 'hit6' \(visit 'baseline', group 'all'\).* holds 10; run"):
        drawn(study, "lines", tmp_path)


def test_missing_results_are_faults(tmp_path):
    study = clinic()
    with pytest.raises(Fault, match="estimates.csv: the estimates are missing"):
        draw_figures(study.plan, tmp_path)
    study.write(tmp_path)
    (tmp_path / "datasets" / "participants.parquet").unlink()
    with pytest.raises(Fault, match="participants.parquet: the data set is missing"):
        draw_figures(study.plan, tmp_path)
    study.estimates.append(study.estimates[0])
    study.write(tmp_path)
    with pytest.raises(Fault, match="two estimates of analysis 'summary'"):
        draw_figures(study.plan, tmp_path)


def test_a_figure_draws_one_dataset(tmp_path):
    study = only(rodent(), x={"figure": "means", "analyses": ["markers", "standards"]})
    with pytest.raises(Fault, match="a figure draws one dataset, these are of animals and wells"):
        drawn(study, "x", tmp_path)


# --- the modules

FOLDER = Path(style.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


@pytest.mark.parametrize("name", MODULES)
def test_each_module_declares_a_figure_with_described_options(name):
    figure = plugin("figures", name, "FIGURE")
    assert isinstance(figure, Figure) and issubclass(figure.options, Closed)
    assert all(field.description for field in figure.options.model_fields.values())


def test_finding_a_figure_loads_no_heavy_library():
    heavy = ("matplotlib", "numpy", "pandas", "pyarrow", "scipy", "seaborn")
    script = (
        "import sys\nfrom omtrace.readers import plugin\n"
        f"for name in {MODULES!r}: plugin('figures', name, 'FIGURE')\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    surroundings = {"PYTHONPATH": str(FOLDER.parents[1])}
    done = subprocess.run([sys.executable, "-c", script], check=True, env=surroundings, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_figures_have_no_library_to_compute_a_statistic_with():
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            libraries = {n.split(".")[0] for n in names}
            assert not libraries & {"numpy", "pandas", "scipy", "statistics", "statsmodels"}, path.name
            assert "seaborn" not in libraries or path.stem in ("_marks", "_theme"), path.name
            assert not any(n.startswith(("omtrace.statistics", "omtrace.analyses.selection")) for n in names), path.name


def test_seaborn_estimates_nothing():
    """Of seaborn's functions those that compute are not called, and those that could are told not to."""
    calls = [
        node
        for node in ast.walk(ast.parse((FOLDER / "_marks.py").read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "seaborn"
    ]
    assert {call.func.attr for call in calls} == {"scatterplot", "lineplot"}
    for call in (call for call in calls if call.func.attr == "lineplot"):
        given = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg in ("estimator", "errorbar", "sort")}
        assert given == {"estimator": None, "errorbar": None, "sort": False}


def test_alternative_text_and_index_are_plain_json(written):
    root, _ = written
    content = json.loads((root / "first" / "clinic" / "figures" / "index.json").read_text())
    assert all(len(entry["alt"]) < 2500 and "nan" not in entry["alt"].lower().split() for entry in content)


def test_very_many_points_stand_in_rows_around_the_middle_in_little_time():
    heights = [float(n % 6) * 30 for n in range(4000)]
    offsets = marks.side_by_side(heights, 3.0, 40)
    assert max(map(abs, offsets)) == pytest.approx(40) and abs(sum(offsets)) / len(offsets) < 1
    assert len(set(zip(heights, offsets, strict=True))) == len(heights)
