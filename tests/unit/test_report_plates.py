"""Plate pages: every well, the curve, the standards read back, wells by state, and every number with its id."""

import re
from html import unescape

import numpy
import pytest
from estimates import estimate
from omtrace import store
from omtrace.analyses._drawn import responses
from omtrace.faults import Fault
from omtrace.model.plan import read_plan
from omtrace.report import _plate_curve, _plate_svg
from omtrace.report._plate_index import index
from omtrace.report._plate_numbers import Plate, Verdict, verdict
from omtrace.report.page import TEMPLATES
from omtrace.report.plates import write_plates

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
      read: {derive: assay, label: Read back, unit: pg/mL, decimals: 1}
      printed: {derive: column, label: As printed, unit: pg/mL, decimals: 1}
    populations: {full: {label: every well}, kept: {label: wells not masked, where: printed >= 0}}
analyses:
  curves: {method: standard_curve, dataset: wells, title: Curves, parameters: [signal]}
  acceptance: {method: plate_acceptance, dataset: wells, title: Acceptance, parameters: [signal], population: kept}
  agreement:
    method: agreement
    dataset: wells
    title: Held against the printout
    parameters: [read]
    options: {printed: printed}
figures: {}
plates: {dataset: wells, signal: signal, concentration: dose, role: role, sample: role, read: read}
"""
HEADER = (
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
CURVE = {"a": 0.1, "b": 1.0, "c": 50.0, "d": 2.1}


MASKED = "coded missing: masked"


def records():
    """Four standards a plate, of which C1 was masked by the laboratory and D1 printed otherwise; two wells unread."""
    for plate in ("B 1", "B-1", "7"):
        for n, dose in enumerate((0, 10, 100, 1000)):
            unit, signal = f"{plate}/{'ABCD'[n]}1", responses([dose], CURVE)[0] + 0.01 * n
            yield from ((unit, "plate", None, plate, "observed"), (unit, "role", None, "standard", "observed"))
            yield from ((unit, "dose", float(dose), None, "observed"), (unit, "signal", signal, None, "observed"))
            yield unit, "read", dose + 0.25, None, "observed"
            yield (unit, "printed", None, None, MASKED) if n == 2 else (unit, "printed", dose + 0.2, None, "observed")
        for well, status in (("E12", "quarantined: range"), ("H12", "coded missing: overflow")):
            unit = f"{plate}/{well}"
            yield from ((unit, "plate", None, plate, "observed"), (unit, "role", None, "sample <x>", "observed"))
            yield from ((unit, name, None, None, "not collected") for name in ("dose", "read", "printed"))
            yield unit, "signal", None, None, status


@pytest.fixture
def study(tmp_path):
    """Three plates: one with a curve and flags, and two wells without a signal, one without, one refused."""
    (tmp_path / "tiny.yaml").write_text(PLAN, encoding="utf-8")
    rows = [(n, unit, parameter, "", *rest) for n, (unit, parameter, *rest) in enumerate(records(), 1)]
    columns = ("record", "unit", "parameter", "visit", "value", "text", "status")
    folder = tmp_path / "results/tiny"
    table = dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
    store.write_table(folder / "datasets/wells.parquet", table)
    signals = {row[1]: row[0] for row in rows if row[2] == "signal"}
    sets = [
        ("curve", signals[f"B 1/{well}"], why)
        for well, why in (("A1", ""), ("B1", ""), ("C1", ""), ("D1", "level not wanted"), ("E12", "no standard"))
    ]
    sets += [
        ("verdict", signals["B 1/C1"], "not in population kept (unknown)"),
        ("verdict", signals["B 1/D1"], ""),
        ("other", signals["B 1/A1"], "of another number"),
    ]
    keys = ("rowset", "record", "reason")
    store.write_table(folder / "rowsets.parquet", dict(zip(keys, map(list, zip(*sets, strict=True)), strict=True)))
    numbers = []

    def number(group, statistic, value, level="", unit="", analysis="curves", rowset="curve"):
        numbers.append(
            (
                f"{len(numbers):012x}",
                analysis,
                "signal",
                "full",
                group,
                "",
                level,
                statistic,
                value,
                unit,
                2,
                rowset,
                "d",
                "simulated",
            )
        )

    for name, value in CURVE.items():
        number("B 1", name, value)
    number("B 1", "back_calculated", 101.5, "standard 100", "pg/mL")
    number("B 1", "recovery", 101.5, "standard 100", "%")
    number("7", "n", 4.0, "refused: flat <signal>", rowset="none")
    number("all", "n", 12.0)
    for level in ("", "flag: drift <along> rows"):
        number("B 1", "plate_verdict", 1.0, level, analysis="acceptance", rowset="verdict")
    number("B 1", "n", 3.0, "equal to 1 decimals", analysis="agreement")
    number("B 1", "count", 2.0, "equal to 1 decimals", analysis="agreement")
    number("all", "computed", 100.25, f"B 1/C1: not printed: {MASKED}", "pg/mL", "agreement")
    number("all", "computed", 1000.25, "B-1/D1: differs beyond rounding", "pg/mL", "agreement")
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
    assert (
        index.index("No curve: 1 plate<")
        < index.index("Accepted with flags: 1 plate<")
        < index.index("No standard curve: 1")
    )
    assert "flat &lt;signal&gt;" in index and "drift &lt;along&gt; rows" in index
    assert "1 coded missing: overflow, 1 left out: level not wanted, 1 left out: masked, 1 quarantined: range" in index
    assert index.count("4 of 6") == 3  # wells read


def of_b1(study):
    return next(page(study, path.name) for path in (study / "plates").iterdir() if "<h1>B 1<" in path.read_text())


def test_a_page_has_every_well_number_and_state(study):
    text = of_b1(study)
    titles = [unescape(title) for title in re.findall(r"<title>([A-H]\d+: [^<]*)</title>", text)]
    assert len(titles) == 96 + 8  # of the standards at the curve and below it too
    assert "A1: standard, standard, 0 pg/mL, 0.1 OD" in titles and "G7: not in use" in titles
    assert "H12: sample <x>, sample <x>, coded missing: overflow" in titles
    assert "C1: standard, standard, 100 pg/mL, 1.45333 OD, left out: masked" in titles
    assert "101.50 pg/mL" in text and "101.50%" in text
    rows = dict(re.findall(r"<tr id=([A-H]\d+)><th scope=row>\w+<td>(.*)", text))
    assert sorted(rows) == ["A1", "B1", "C1", "D1", "E12", "H12"]
    assert re.split("<[^>]*>", rows["B1"])[1:] == ["standard", "10", "0.443333", "10.3", "10.2", "read"]
    assert rows["E12"].endswith("<td>quarantined: range") and set(re.findall(r'href="#([A-H]\d+)"', text)) == set(rows)
    assert "Simulated data" in text and "Plates &lt;and&gt; wells" in text


def test_each_number_says_how_it_is_traced_once(study):
    text = of_b1(study)
    mine = [f"{n:012x}" for n in (0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12)]
    name = next(path.name for path in (study / "plates").iterdir() if path.read_text() == text)
    for number in mine:
        assert text.count(f'id="{number}"') == 1 and text.count(f'popovertarget="t{number}" title="{number}"') == 1
        assert f'id="t{number}">omtrace trace results/tiny/plates/{name}#{number}</code>' in text
    assert set(re.findall(r"\b[0-9a-f]{12}\b", text)) == set(mine)  # none of another plate, or of all
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(re.findall(r'id="?([\w]+)', text))


def test_standards_left_out_of_the_curve_are_drawn_as_such(study):
    text = of_b1(study)
    assert text.count("<circle") == 4 and text.count('<path class="out"') == 4  # two each, and their residuals
    assert "2 of 4 used" in text and "<polyline" in text
    assert re.search(r"<th scope=row>standard</th><td>left out: masked</td><td class=num>1</td><td>C1</td>", text)


def test_what_agrees_with_printed_values_is_said_with_the_others_by_name(study):
    text = re.sub(r"<code popover.*?</code>", "", of_b1(study))
    said = re.sub(r"<[^>]*>", "", text)
    assert "2.00 of 3.00 wells are equal to 1 decimals." in said
    assert "Held against the printout2.00 of 3.00 equal to 1 decimals" in said
    assert re.search(r'<a href="#C1">C1</a></th><td>not printed: masked</td>', text) and "differs beyond" not in text


def test_a_page_without_a_curve_says_so_and_loads_nothing(study):
    text = page(study, "7.html")
    assert "<h1>Plate 7</h1>" in text and "flat &lt;signal&gt;" in text and "<polyline" not in text
    assert "default-src 'none'" in text and "style=" not in text and "src=" not in text and "<script" not in text
    assert not re.search(r'href="(?!\.\./report\.html|[\w.]+\.html"|#)', text)


@pytest.mark.parametrize("folds", [1, 2, 4])
def test_a_heat_map_has_a_box_for_every_well(folds):
    names, signals = ["A1", "B2", "C3"], numpy.array([0.5, 1.5, numpy.nan])
    shares = _plate_svg.shares_of(signals, [0, 3])
    words, holds, out = ["x", "y", "z"], ["p", "q", ""], ["", "masked", ""]
    made = _plate_svg.boxes(_plate_svg.Cells(names, signals, shares, words, holds, out, [folds] * 3), 3)
    drawn = _plate_svg.heat_map(dict(zip(names, made, strict=True)), folds)
    assert drawn.count("<rect") == 96 * folds**2 and drawn.count("×") == 1
    assert 'fill-opacity="0.00"' in drawn and 'fill-opacity="1.00"' in drawn
    assert drawn.index("A1: x") < drawn.index("B2: y") < drawn.index("C3: z")
    assert '<a href="#B2" class="high out">' in drawn and ("1.500" in drawn) == (folds == 1)


def test_each_plate_has_its_own_lowest_and_highest_signal():
    signals = numpy.array([1.0, 3.0, 2.0, 7.0, numpy.nan, 5.0, numpy.nan])
    shares = _plate_svg.shares_of(
        signals, [0, 3, 3, 5, 6, 7]
    )  # the second plate has no wells, the others one signal or none
    assert shares[:4].tolist() == [0.0, 1.0, 0.5, 0.0] and shares[5] == 0.0


def test_the_drawn_curve_is_the_logistic_one():
    line = _plate_curve.Line(CURVE)
    assert line.at([0, 50]) == pytest.approx([0.1, 1.1])
    assert _plate_curve.curve([(0.0, 1.0, "A1", False)], line, {}, ("x", "y")) == ""


def test_a_curve_without_coefficients_is_drawn_through_its_signals():
    points = [(dose, 0.1 * dose, f"A{dose:g}", False) for dose in (0.0, 1.0, 10.0, 100.0)]
    line = _plate_curve.Line({}, [(dose, signal) for dose, signal, *_ in points])
    drawn = _plate_curve.curve(points, line, {}, ("x", "y"))
    assert drawn.count('class="curve"') == 1 and drawn.count('class="stem"') == 4 and "nan" not in drawn


def test_a_verdict_of_an_analysis_stands_at_the_head():
    rows = [estimate(statistic="plate_verdict", level=level, value="1") for level in ("", "flag: drift", "edge effect")]
    found = verdict(Plate("x", range(0), rows))
    assert (found.kind, found.words) == ("flagged", "Accepted with flags") and found.number is rows[0]
    assert [why for why, _ in found.reasons] == ["drift", "edge effect"]


def test_the_index_shows_rejected_plates_first_each_kind_by_a_choice():
    kinds = {"1": ("accepted", "Accepted"), "2": ("rejected", "Rejected"), "3": ("accepted", "Accepted")}
    plates = {name: Plate(f"Batch {name}") for name in kinds}
    verdicts = {name: Verdict(*kind, None) for name, kind in kinds.items()}
    text = index(plates, verdicts, {name: f"b{name}.html" for name in kinds}, None)
    body = text[text.index("<section") :]
    assert re.findall(r'href="b(\d)\.html"', body) == ["2", "1", "3"]
    assert re.findall(r'href="b(\d)\.html"', text[: len(text) - len(body)]) == ["1", "2", "3"]  # the map, in order
    assert re.findall(r'id="(show-\d)"', text) == ["show-1", "show-2"] and "Accepted <b>2</b>" in text
    style = (TEMPLATES / "plates.css").read_text(encoding="utf-8")
    assert all(f"#show-{n}:checked) section:not(#verdict-{n})" in style for n in range(1, 8))


def test_plates_of_a_plan_must_exist(tmp_path):
    (tmp_path / "tiny.yaml").write_text(PLAN.replace("signal: signal, con", "signal: signl, con"), encoding="utf-8")
    with pytest.raises(Fault, match="plates: 'signl' is not declared"):
        read_plan(tmp_path / "tiny.yaml")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0541, 1.99, [0.5, 1.0, 1.5]),
        (0.01, 0.09, [0.02, 0.04, 0.06, 0.08]),
        (0.0, 2.5, [0, 0.5, 1, 1.5, 2, 2.5]),
        (-0.3, 1.0, [0, 0.5, 1]),
    ],
)
def test_an_axis_has_round_values(low, high, expected):
    assert _plate_curve.round_values(low, high) == pytest.approx(expected)
