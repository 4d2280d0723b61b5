"""Plate pages: every well, the curve, the standards read back, wells by state, and every number with its id."""

import re
from html import unescape

import numpy
import pytest
from omtrace import store
from omtrace.faults import Fault
from omtrace.report import _plate_svg as svg
from omtrace.report.plates import Plate, verdict, write_plates
from omtrace.study.plan import read_plan

PLAN = """\
study: tiny
title: "Plates <and> wells"
kind: simulated
statement: Simulated for tests.
design: none
tables: {layout: {reader: delimited}}
datasets:
  wells:
    unit: well
    roster: {table: layout, column: unit_id}
    group: plate
    groups: {"B 1": "B 1", "B-1": "B-1", "7": "7"}
    parameters:
      plate: {derive: column, label: Plate}
      role: {derive: column, label: Role}
      dose: {derive: column, label: Concentration, unit: pg/mL}
      signal: {derive: well_signal, label: Absorbance, unit: OD, decimals: 3}
    populations: {full: {label: every well}}
analyses:
  curves: {method: standard_curve, dataset: wells, title: Curves, parameters: [signal]}
figures: {}
plates: {dataset: wells, signal: signal, concentration: dose, role: role}
"""
HEADER = ("id", "analysis", "parameter", "population", "group", "visit", "level", "statistic", "value", "unit",
          "decimals", "rowset", "definition", "data")  # fmt: skip
CURVE = {"a": 0.1, "b": 1.0, "c": 50.0, "d": 2.1}


@pytest.fixture
def study(tmp_path):
    """Three plates: one with a curve and two wells without a signal, one without, one refused."""
    (tmp_path / "tiny.yaml").write_text(PLAN, encoding="utf-8")
    rows, numbers = [], []

    def record(unit, parameter, value, text, status="observed"):
        rows.append((len(rows) + 1, unit, parameter, "", value, text, status))

    for plate in ("B 1", "B-1", "7"):
        for n, dose in enumerate((0, 10, 100, 1000)):
            unit = f"{plate}/{'ABCD'[n]}1"
            record(unit, "plate", None, plate)
            record(unit, "role", None, "standard")
            record(unit, "dose", float(dose), None)
            record(unit, "signal", svg.response(dose, CURVE) + 0.01 * n, None)
        for well, status in (("E12", "quarantined: range"), ("H12", "coded missing: overflow")):
            record(f"{plate}/{well}", "plate", None, plate)
            record(f"{plate}/{well}", "role", None, "sample <x>")
            record(f"{plate}/{well}", "dose", None, None, "not collected")
            record(f"{plate}/{well}", "signal", None, None, status)
    columns = ("record", "unit", "parameter", "visit", "value", "text", "status")
    folder = tmp_path / "results/tiny"
    store.write_table(
        folder / "datasets/wells.parquet", dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
    )

    def number(group, statistic, value, level="", unit=""):
        numbers.append((f"{len(numbers):012x}", "curves", "signal", "full", group, "", level, statistic, value, unit, 2,
                        "r", "d", "simulated"))  # fmt: skip

    for name, value in CURVE.items():
        number("B 1", name, value)
    number("B 1", "back_calculated", 101.5, "standard 100", "pg/mL")
    number("B 1", "recovery", 101.5, "standard 100", "%")
    number("7", "n", 4.0, "refused: flat <signal>")
    number("all", "n", 12.0)
    store.write_csv(folder / "estimates.csv", HEADER, numbers)
    write_plates(read_plan(tmp_path / "tiny.yaml"), folder, folder / "plates")
    return folder


def page(study, name):
    return (study / "plates" / name).read_text(encoding="utf-8")


def test_each_plate_has_a_page_of_its_own_name(study):
    names = sorted(path.name for path in (study / "plates").iterdir())
    assert len(names) == 4 and names[0] == "7.html" and names[-1] == "index.html"
    assert all(re.fullmatch(r"b_1_[0-9a-f]{6}\.html", name) for name in names[1:3])  # B 1 and B-1 would be the same
    index = page(study, "index.html")
    assert all(f'href="{name}"' in index for name in names[:3]) and "../report.html" in index
    assert "No curve: flat &lt;signal&gt;" in index and "1 coded missing: overflow, 1 quarantined: range" in index


def test_a_page_has_every_well_number_and_state(study):
    text = next(page(study, path.name) for path in (study / "plates").iterdir() if "<h1>B 1<" in path.read_text())
    titles = [unescape(title) for title in re.findall(r"<title>([A-H]\d+: [^<]*)</title>", text)]
    assert len(titles) == 96
    assert "A1: standard, 0 pg/mL, 0.1 OD" in titles and "H12: sample <x>, coded missing: overflow" in titles
    assert "G7: not in use" in titles
    for n in range(6):
        assert f"<code>{n:012x}</code>" in text
    assert "000000000006" not in text and "000000000007" not in text  # of another plate, and of all
    assert "101.50 pg/mL" in text and "101.50 %" in text
    assert text.count("<circle") == 8 and "<polyline" in text  # four standards, and their residuals
    assert "quarantined: range" in text and "E12" in text
    assert "Simulated data" in text and "Plates &lt;and&gt; wells" in text


def test_a_page_without_a_curve_says_so_and_loads_nothing(study):
    text = page(study, "7.html")
    assert "<h1>Plate 7</h1>" in text and "No curve: flat &lt;signal&gt;" in text and "<polyline" not in text
    assert "default-src 'none'" in text and "style=" not in text and "src=" not in text and "<script" not in text
    assert not re.search(r'href="(?!\.\./report\.html|[\w.]+\.html")', text)


@pytest.mark.parametrize("large", [False, True])
def test_a_heat_map_has_a_box_for_every_well(large):
    names, signals = ["A1", "B2", "C3"], numpy.array([0.5, 1.5, numpy.nan])
    made = svg.boxes(names, signals, svg.shares_of(signals, [0, 3]), ["x", "y", "z"], [large] * 3, 3)
    drawn = svg.heat_map(dict(zip(names, made, strict=True)), large)
    assert drawn.count("<rect") == (384 if large else 96) and drawn.count("×") == 1
    assert 'fill="#f2f6f9"' in drawn and 'fill="#08406b"' in drawn
    assert drawn.index("A1: x") < drawn.index("B2: y") < drawn.index("C3: z")


def test_each_plate_has_its_own_lowest_and_highest_signal():
    signals = numpy.array([1.0, 3.0, 2.0, 7.0, numpy.nan, 5.0, numpy.nan])
    shares = svg.shares_of(signals, [0, 3, 3, 5, 6, 7])  # the second plate has no wells, the others one signal or none
    assert shares[:4].tolist() == [0.0, 1.0, 0.5, 0.0] and shares[5] == 0.0


def test_the_drawn_curve_is_the_logistic_one():
    assert svg.response(0, CURVE) == pytest.approx(0.1) and svg.response(50, CURVE) == pytest.approx(1.1)
    assert svg.response(50, {**CURVE, "g": 2.0}) == pytest.approx(2.1 - 2.0 / 4)
    assert svg.curve([(0.0, 1.0)], CURVE, ("x", "y")) == ""


def test_a_verdict_of_an_analysis_stands_at_the_head():
    rows = [
        {"statistic": "plate_verdict", "level": level, "value": "1"} for level in ("", "flag: drift", "edge effect")
    ]
    assert verdict(Plate("x", range(0), rows)) == "Accepted with flags: drift; edge effect"


def test_plates_of_a_plan_must_exist(tmp_path):
    (tmp_path / "tiny.yaml").write_text(PLAN.replace("signal: signal, con", "signal: signl, con"), encoding="utf-8")
    with pytest.raises(Fault, match="plates: 'signl' is not declared"):
        read_plan(tmp_path / "tiny.yaml")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0541, 1.99, [0.5, 1.0, 1.5]), (0.01, 0.09, [0.02, 0.04, 0.06, 0.08]), (0.0, 2.5, [0, 0.5, 1, 1.5, 2, 2.5]),
     (-0.3, 1.0, [0, 0.5, 1])],
)  # fmt: skip
def test_an_axis_has_round_values(low, high, expected):
    assert svg.round_values(low, high) == pytest.approx(expected)
