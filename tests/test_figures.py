"""Figures: what is drawn, which numbers stand in the SVG, identical bytes, and faults that name what is missing."""

import json
import math
import random
import re
import statistics
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from omtrace import store
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure, draw_figures
from omtrace.figures import _panels as panels
from omtrace.figures import _style as style
from omtrace.figures._results import Estimates
from omtrace.figures._sheet import Sheet
from omtrace.keys import digest_of
from omtrace.sources import plugin
from omtrace.study.plan import Plan, checked

COLUMNS = ("id", "analysis", "parameter", "population", "group", "visit", "level", "statistic", "value", "unit",
           "decimals", "rowset", "definition")  # fmt: skip
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

    def record(self, dataset, unit, parameter, visit="", value=None, text=None, status="observed") -> None:
        self.records[dataset].append((unit, parameter, visit, value, text, status))

    def estimate(
        self, analysis, parameter, statistic, value, group="all", visit="", level="", unit="", decimals=1
    ) -> None:
        name = digest_of([self.plan.study, analysis, parameter, group, visit, level, statistic], 12)
        self.estimates.append((name, analysis, parameter, "full", group, visit, level, statistic,
                               math.nan if value is None else float(value), unit, decimals, "r", "d"))  # fmt: skip

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
                    found = [v for u, p, at, v, _, status in rows if (p, at, status) == (parameter, visit, "observed")
                             and group in ("all", member.get(u))]  # fmt: skip
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
        "study": study, "title": "A made-up study", "kind": kind, "statement": "Made-up data.", "design": "made up",
        "tables": {"roster": {"reader": "delimited"}}, "datasets": datasets,
        "analyses": {k: {"title": k.capitalize(), **v} for k, v in analyses.items()}, "figures": figures,
    }  # fmt: skip


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
    dataset = {"unit": "participant", "visits": VISITS, "baseline": "baseline", "parameters": parameters,
               "group": "arm" if groups else "", "groups": groups,
               "populations": {"treated": {"label": "Treated", "where": "sessions >= 3"}}}  # fmt: skip
    each = {"dataset": "participants", "parameters": names}
    analyses = {
        "summary": {"method": "describe", **each},
        "treated": {"method": "describe", "population": "treated", **each, "parameters": ["hit6"]},
        "flow": {"method": "flow", "dataset": "participants", "parameters": ["hit6"]},
        "change": {"method": "paired_change", **each},
        "compared": {"method": "ancova", "dataset": "participants", "parameters": ["hit6", "msq"]},
    }
    figures = more.pop("figures", {
        "lines": {"figure": "paired_lines", "analyses": ["summary"], "title": "Scores of each participant"},
        "boxes": {"figure": "distribution", "analyses": ["summary"], "title": "Distribution of scores"},
        "means": {"figure": "means", "analyses": ["summary"], "title": "Mean scores"},
        "flow": {"figure": "flow", "analyses": ["flow"], "title": "Flow of participants"},
        "forest": {"figure": "forest", "analyses": ["compared" if groups else "change"], "title": "Differences",
                   "options": {"better": "favours treatment", "worse": "favours sham"} if groups else {}},
    })  # fmt: skip
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
                study.record("participants", f"P{i + 1:03d}", name, visit, None if missing else value,
                             status="not collected" if missing else "observed")  # fmt: skip
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
            boxes = {
                "enrolled": enrolled,
                "assessed": len(seen),
                "excluded: incomplete: fewer than six items answered": int(visit == "month3"),
                "excluded: not collected": len(at) - len(seen),
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


RODENT = {"vehicle_sham": "Vehicle + sham", "vehicle_omt": "Vehicle + OMT", "ntg_sham": "Nitroglycerin + sham",
          "ntg_omt": "Nitroglycerin + OMT"}  # fmt: skip
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
    wells = {"unit": "well", "group": "plate", "groups": {f"P{i + 1}": f"Plate {i + 1}" for i in range(plates)},
             "populations": {"standards": {"label": "Standards", "where": "role == 'standard' or role == 'blank'"}},
             "parameters": {
        "concentration": parameter("CGRP", "pg/mL"), "signal": parameter("Absorbance", "OD"),
        "plate": parameter("Plate"), "role": parameter("Role"),
    }}  # fmt: skip
    animal = {"unit": "animal", "visits": HOURS, "group": "arm", "groups": RODENT, "parameters": parameters}
    analyses = {
        "markers": {"method": "describe", "dataset": "animals", "parameters": names},
        "pain": {"method": "describe", "dataset": "animals", "parameters": ["threshold"]},
        "standards": {"method": "standard_curve", "dataset": "wells", "parameters": ["signal"],
                      "population": "standards", "options": {"concentration": "concentration"}},
    }  # fmt: skip
    figures = more.pop("figures", {
        "markers": {"figure": "groups", "analyses": ["markers"], "title": "Biomarkers by group"},
        "markers_log": {"figure": "groups", "analyses": ["markers"], "title": "Biomarkers", "options": {"log": True}},
        "pain": {"figure": "means", "analyses": ["pain"], "title": "Thresholds after nitroglycerin",
                 "options": {"axis": "Hours after nitroglycerin"}},
        "curves": {"figure": "curves", "analyses": ["standards"], "title": "Standard curves"},
    })  # fmt: skip
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
            study.record("wells", well, "concentration", value=dose)
            study.record("wells", well, "signal", value=round(signal * (1 + 0.04 * ((i * 5) % 7 - 3) / 3), 4))
