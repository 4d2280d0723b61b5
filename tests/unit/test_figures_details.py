"""Figures: factors and facets, few values, names at lines, values beside the image, words on marks."""

import csv
import math
from xml.etree import ElementTree

import pytest
from omtrace.faults import Fault
from omtrace.figures import _marks as marks
from omtrace.figures import _theme as theme
from omtrace.figures import draw_figures
from omtrace.figures._panels import columns_for, spans_of
from omtrace.figures._results import Name
from omtrace.figures._sheet import look_of
from omtrace.figures.forest import _level
from test_figures import GROUPS, RODENT, VISITS, clashes, clinic, drawn, lines, only, points, rodent, shown, texts_of

SVG = "{http://www.w3.org/2000/svg}"
PAIRS = {key: label.replace(" + ", ", ") for key, label in RODENT.items()}


def two_factors(**figures):
    """The rodents, their groups labelled by two factors."""
    study = rodent()
    content = study.plan.model_dump(by_alias=True)
    content["datasets"]["animals"]["groups"] = PAIRS
    study.plan = type(study.plan).model_validate(content)
    return only(study, **figures)


def words(sheet) -> list[str]:
    """All texts of a figure, each in one line."""
    return [" ".join(text.get_text().split()) for text in texts_of(sheet)]


# factors


def test_groups_of_two_factors_have_two_rows_of_labels(tmp_path):
    options = {"factors": ["Model", "Treatment"]}
    study = two_factors(x={"figure": "groups", "analyses": ["markers"], "options": options})
    sheet, drawing = drawn(study, "x", tmp_path)
    for axes in sheet.figure.axes:
        assert [label.get_text() for label in axes.get_xticklabels()] == ["sham", "OMT"] * 2
        ends = [tuple(line.get_xdata()) for line in lines(axes, "span")]
        assert ends == [(-0.4, 1.4), (1.6, 3.4)]
        assert {"Vehicle", "Nitroglycerin"} <= {text.get_text() for text in axes.texts}
    assert "Nitroglycerin, OMT" in drawing.alt and clashes(sheet) == []


def test_means_of_two_factors_are_panels_by_the_first_and_lines_by_the_second(tmp_path):
    options = {"factors": ["Model", "Treatment"]}
    study = two_factors(x={"figure": "means", "analyses": ["pain"], "options": options})
    sheet, drawing = drawn(study, "x", tmp_path)
    titles = [axes.get_title(loc="left") for axes in sheet.figure.axes]
    assert titles == ["Periorbital threshold: Vehicle", "Periorbital threshold: Nitroglycerin"]
    first, second = sheet.figure.axes
    assert first.get_ylim() == second.get_ylim() and (first.get_ylabel(), second.get_ylabel()) == ("g", "")
    colours = [{line.get_color() for line in axes.lines} for axes in (first, second)]
    assert colours[0] == colours[1] == set(theme.COLOURS[:2])
    ids = shown(sheet)
    for axes, groups in ((first, list(RODENT)[:2]), (second, list(RODENT)[2:])):
        for group in groups:
            mean = sheet.estimates.find(Name("pain", "threshold", "mean", group, "h3"))
            assert ids[mean.id][0].axes is axes and ids[mean.id][0].get_ydata() == [mean.value]
    assert len(drawing.numbers) == 4 * 6 * 3 + 4 and words(sheet).count("8 throughout") == 4  # one count says all


def test_factors_need_labels_of_two_levels(tmp_path):
    study = only(rodent(), x={"figure": "means", "analyses": ["pain"], "options": {"factors": ["Model", "Treatment"]}})
    with pytest.raises(Fault, match="a comma, and a level of the second; not so: 'Vehicle"):
        drawn(study, "x", tmp_path)


def test_neighbours_share_a_span_and_rows_of_panels_are_full():
    assert spans_of(["a", "a", "b", "a"]) == (("a", 0, 1), ("b", 2, 2), ("a", 3, 3))
    assert [columns_for(n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11)] == [1, 2, 3, 2, 3, 3, 4, 4, 5, 3]
    assert columns_for(6, 2) == 2


def test_points_take_the_colours_of_categories(tmp_path):
    study = rodent(markers=1)
    for i in range(32):
        study.record("animals", f"A{i + 1:02d}", "sex", text="fm"[i // 16])
    content = study.plan.model_dump(by_alias=True)
    content["datasets"]["animals"]["parameters"]["sex"] = {"derive": "column", "label": "Sex"}
    study.plan = type(study.plan).model_validate(content)
    options = {"points_by": ["sex"], "words": {"f": "female", "m": "male"}}
    sheet, _ = drawn(only(study, x={"figure": "groups", "analyses": ["markers"], "options": options}), "x", tmp_path)
    (units,) = (c for c in sheet.figure.axes[0].collections if c.get_label() == "units")
    assert len({tuple(colour) for colour in units.get_facecolors()}) == 2
    assert [t.get_text() for t in sheet.figure.legends[0].get_texts()] == ["female", "male", "Mean"]


# few values, gaps, names of lines


def test_of_fewer_than_five_values_there_is_no_box_and_no_interval(tmp_path):
    study = clinic(12, {**GROUPS, "wait": "Waiting list"})
    keep = {"month3": 4}
    rows = study.records["participants"]
    gone = [i for i, r in enumerate(rows) if r[1:3] == ("hit6", "month3") and int(r[0][1:]) % 3 == 0][
        keep["month3"] - 1 :
    ]
    for i in gone:
        rows[i] = (*rows[i][:3], None, None, "not collected")
    study.estimates = [row for row in study.estimates if row[1] != "summary"]
    study.describe("summary")
    counted = dict(study_counts(study))
    assert min(counted.values()) < marks.FEWEST
    sheet, drawing = drawn(study, "boxes", tmp_path)
    ids = shown(sheet)
    for group, visit in counted:
        median = sheet.estimates.find(Name("summary", "hit6", "median", group, visit))
        assert (median.id in ids) == (counted[group, visit] >= marks.FEWEST)
    assert marks.FEW in drawing.note
    sheet, drawing = drawn(study, "means", tmp_path)
    ids = shown(sheet)
    for group, visit in counted:
        mean, low = (sheet.estimates.find(Name("summary", "hit6", name, group, visit)) for name in ("mean", "ci_low"))
        assert mean.id in ids and (low.id in ids) == (counted[group, visit] >= marks.FEWEST)


def study_counts(study):
    """(group, visit) -> n of HIT-6."""
    return [
        ((r[4], r[5]), r[8])
        for r in study.estimates
        if (r[1], r[2], r[7]) == ("summary", "hit6", "n") and r[4] != "all"
    ]


def test_a_mean_that_is_missing_breaks_the_line(tmp_path):
    study = clinic(12)
    at = ("summary", "hit6", "month1")
    study.estimates = [
        (*r[:8], math.nan, *r[9:]) if (r[1], r[2], r[5]) == at and r[7] != "n" else r for r in study.estimates
    ]
    sheet, _ = drawn(study, "means", tmp_path)
    runs = [list(line.get_xdata()) for line in sheet.figure.axes[0].lines]
    assert runs == [[0], [2]]


def test_names_at_the_ends_of_lines_move_apart_or_are_left_out():
    groups = [look_of(str(i), str(i), i) for i in range(3)]
    places = marks.end_labels(groups, [1.0, 5.0, 5.1], 100, 0, 10)
    assert places[0] == pytest.approx(10) and places[2] - places[1] == pytest.approx(theme.SMALL * 1.2)
    assert sum(places[1:]) == pytest.approx(101)
    assert marks.end_labels([*groups, *groups], [5.0] * 6, 100, 0, 10) == []


def test_lines_of_short_names_need_no_key(tmp_path):
    sheet, _ = drawn(clinic(30, {"sham": "Sham", "omt": "OMT"}), "means", tmp_path)
    texts = words(sheet)
    assert sheet.figure.legends == [] and texts.count("● Sham") == texts.count("■ OMT") == 3 and clashes(sheet) == []


# curves


def test_a_coefficient_outside_the_standards_is_not_printed(tmp_path):
    study = rodent(plates=2)
    values = {("P1", "d"): 6.4, ("P1", "c"): 4831.0}
    study.estimates = [(*r[:8], values.get((r[4], r[7]), r[8]), *r[9:]) for r in study.estimates]
    sheet, drawing = drawn(study, "curves", tmp_path)
    first, second = ([text.get_text() for text in axes.texts] for axes in sheet.figure.axes)
    assert first[2:] == ["c: extrapolated", "d: extrapolated"] and first[0].startswith("a = ")
    assert second[2] == "c = 222 pg/mL" and second[3] == "d: extrapolated"  # 2.6 OD; the highest signal is 2.2
    assert "6.4" not in drawing.alt and "Extrapolated" in drawing.note


def test_samples_stand_where_they_were_read_back_within_the_standards(tmp_path):
    study = rodent(plates=2)
    content = study.plan.model_dump(by_alias=True)
    content["datasets"]["wells"]["parameters"]["read"] = {"derive": "column", "label": "Read back", "unit": "pg/mL"}
    study.plan = type(study.plan).model_validate(content)
    wells = {"P1/A9": (80.0, 0.7), "P1/B9": (3.0, 0.1), "P2/A9": (400.0, 1.6)}
    for well, (read, signal) in wells.items():
        study.record("wells", well, "plate", text=well[:2])
        study.record("wells", well, "read", value=read)
        study.record("wells", well, "signal", value=signal)
    study = only(study, x={"figure": "curves", "analyses": ["standards"], "options": {"samples": "read"}})
    sheet, _ = drawn(study, "x", tmp_path)
    assert [points(axes, "samples") for axes in sheet.figure.axes] == [[(80.0, 0.7)], [(400.0, 1.6)]]  # 3 is below 15.6
    assert [axes.get_ylabel() for axes in sheet.figure.axes] == ["Absorbance (OD)", ""]


# files


@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF"), ("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_a_figure_in_a_form_has_the_same_bytes_each_time_and_the_values_beside_it(tmp_path, form, begins):
    study = only(clinic(12), x={"figure": "means", "analyses": ["summary"]})
    contents = []
    for name in ("a", "b"):
        with theme.theme("x"):
            sheet, _ = drawn(study, "x", tmp_path / name)
            image, values = sheet.write(tmp_path / name / "x", (form,), 600, confidential=True)
        contents.append((image.read_bytes(), values.read_text(encoding="utf-8")))
        assert image.stat().st_mode & 0o007 == 0 == values.stat().st_mode & 0o007
    assert contents[0] == contents[1] and contents[0][0].startswith(begins)
    if form == "png":
        assert int.from_bytes(contents[0][0][16:20], "big") == round(theme.WIDTH * 600)


# flow, forest


@pytest.mark.parametrize(
    "level, words",
    [
        ("not in population per_protocol: fewer than three sessions", "Fewer than three sessions"),
        ("not in population adults (unknown): too young; too old", "Not known: too young; too old"),
        ("not in population adults", "Not in the analysed population"),
        ("quarantined: hit6_total_agrees", "Value refused by a check (hit6 total agrees)"),
        ("not collected", "Not collected"),
    ],
)
def test_a_flow_says_why_in_the_words_of_the_plan(level, words):
    from types import SimpleNamespace

    from omtrace.figures._flow import reason_of

    assert reason_of(SimpleNamespace(level=f"excluded: {level}")) == words


def test_a_flow_that_grows_has_no_arrows_from_visit_to_visit(tmp_path):
    study = clinic(12)
    narrow, _ = drawn(study, "flow", tmp_path / "narrow")
    rows = [(r, (r[5], r[6]) == ("baseline", "assessed")) for r in study.estimates]
    study.estimates = [(*r[:8], 2.0, *r[9:]) if is_first else r for r, is_first in rows]
    sheet, drawing = drawn(study, "flow", tmp_path)

    def arrows(of):
        return sum(getattr(text, "arrow_patch", None) is not None for text in of.figure.axes[0].texts)

    assert arrows(narrow) - arrows(sheet) == 2 and "some were assessed at a later visit only" in drawing.note
    assert "Assessed: n = 2" in words(sheet) and "Analysed: n = 12" in words(sheet)


def consort(count: int, groups: dict, **more: float):
    """A study with the stages of a flow drawn as in CONSORT 2025; ``more``: other counts of stages of the first arm."""
    figure = {"figure": "flow", "analyses": ["flow"], "options": {"form": "consort"}}
    study = only(clinic(count, groups), x=figure)
    for place, group in enumerate([*groups, "all"]):
        whole = count // max(1, len(groups)) if group != "all" else count
        stages = {"received": whole - 1, "did not receive": 1, "discontinued: moved": 1}
        for level, value in {**stages, **(more if not place else {})}.items():
            study.estimate("flow", "sessions", "n", value, group, "", level, decimals=0)
    return study


def test_a_flow_as_in_consort_has_its_parts_and_each_number_opens_its_people(tmp_path):
    sheet, drawing = drawn(consort(30, GROUPS), "x", tmp_path)
    seen = words(sheet)
    assert {"Enrolment", "Allocation", "Follow-up", "Analysis", "Randomised"} <= set(seen)
    assert seen.count("Allocated: n = 15") == seen.count("Received treatment: n = 14") == 2
    assert seen.count("Did not receive treatment: n = 1") == seen.count("Discontinued: moved: n = 1") == 2
    assert "assessed for eligibility is not in the data" in drawing.note and not clashes(sheet)
    assert len(drawing.numbers) == sum(" n = " in f" {text}" for text in seen)


def test_a_flow_of_one_arm_has_no_allocation_but_what_was_received(tmp_path):
    sheet, _ = drawn(consort(30, {}), "x", tmp_path)
    assert "Enrolled" in words(sheet) and "Randomised" not in words(sheet)
    assert "Received treatment: n = 29" in words(sheet)


def test_a_flow_with_numbers_that_do_not_add_up_is_refused(tmp_path):
    with pytest.raises(Fault, match="more units received or discontinued treatment than were allocated"):
        drawn(consort(30, GROUPS, received=15.0), "x", tmp_path)


def test_a_flow_of_animals_has_a_row_for_each_outcome(tmp_path):
    study = only(clinic(30, GROUPS), x={"figure": "flow", "analyses": ["flow"], "options": {"form": "arrive"}})
    sheet, drawing = drawn(study, "x", tmp_path)
    assert "Participants in the experiment" in words(sheet) and "HIT-6 total, 3 months" in words(sheet)
    assert not clashes(sheet) and "analysed for an outcome" in drawing.note


def test_rows_of_a_flow_are_as_high_as_their_names_and_the_last_is_whole(tmp_path):
    made = clinic(30, GROUPS)
    content = made.plan.model_dump(by_alias=True)
    parameters = content["datasets"]["participants"]["parameters"]
    other = next(name for name in parameters if name != "hit6")
    for name in ("hit6", other):
        parameters[name]["label"] = f"Headache impact in the trigeminal nucleus caudalis, {name}"
    made.plan = type(made.plan).model_validate(content)
    for row in [row for row in made.estimates if row[1] == "flow"]:
        made.estimate("flow", other, "n", row[8], *row[4:7], decimals=0)
    study = only(made, x={"figure": "flow", "analyses": ["flow"], "options": {"form": "arrive"}})
    sheet, _ = drawn(study, "x", tmp_path)
    sheet.figure.draw_without_rendering()
    names = [text for text in texts_of(sheet) if "nucleus" in text.get_text()]
    assert len(names) == 2 and clashes(sheet) == []
    edge = sheet.figure.get_window_extent()
    boxes = [patch.get_window_extent() for patch in sheet.figure.axes[0].patches if patch.get_linewidth() == 0.8]
    assert len(boxes) >= 2 * len(GROUPS)
    for box in [*boxes, *(name.get_window_extent() for name in names)]:
        assert edge.y0 < box.y0 and box.y1 < edge.y1


def test_a_coefficient_has_its_significant_digits():
    coefficients = [theme.significant(value) for value in (3.7, 0.0079, 12.34, 2540, -0.00231, 0)]
    assert coefficients == ["3.70", "0.00790", "12.3", "2,540", "−0.00231", "0.00"]


def test_a_forest_writes_once_what_its_rows_share_and_marks_what_matters(tmp_path):
    options = {"visits": ["month3"], "parameters": ["hit6"], "important": {"hit6": 2.5}}
    study = only(clinic(20, GROUPS), x={"figure": "forest", "analyses": ["compared"], "options": options})
    sheet, drawing = drawn(study, "x", tmp_path)
    (axes,) = sheet.figure.axes
    assert "3 months, Osteopathic treatment − Sham treatment" in words(sheet) and "HIT-6 total" in words(sheet)
    (line,) = lines(axes, "important")
    assert set(line.get_xdata()) == {-2.5} and "smallest difference that matters" in drawing.note


def test_levels_of_ratios_read_as_ratios_and_codes_hold_together():
    dataset = clinic(4, GROUPS).plan.datasets["participants"]
    level = "treatment: omt_repeated - sham, in two_hit, minus in control, log scale"
    name, parameter = next(iter(dataset.parameters.items()))
    labelled = {**dataset.parameters, name: parameter.model_copy(update={"labels": {"two_hit": "two-hit"}})}
    dataset = dataset.model_copy(update={"parameters": labelled})
    plain = _level(level, dataset, True)
    assert plain == "treatment: omt\N{NO-BREAK SPACE}repeated / sham, in two-hit, over that in control"
    assert _level("a - b", dataset, False) == "a − b"
    assert theme.wrapped("in two\N{NO-BREAK SPACE}hit", 10) == ["in", "two\N{NO-BREAK SPACE}hit"]


# the files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study with all its figures."""
    path = tmp_path_factory.mktemp("files")
    study = clinic(12, GROUPS)
    study.write(path)
    draw_figures(study.plan, path)
    return path, study


def test_each_number_says_what_it_is_on_hovering_and_text_is_text(folder):
    path, study = folder
    tree = ElementTree.parse(path / "figures" / "means.svg")
    titled = {
        e.get("id"): e.findtext(f"{SVG}title")
        for e in tree.iter(f"{SVG}g")
        if (e.get("id") or "").startswith("number-")
    }
    by_id = {f"number-{row[0]}": row for row in study.estimates}
    assert len(titled) > 60 and None not in titled.values()
    key = next(k for k, r in by_id.items() if (r[2], r[4], r[5], r[7]) == ("hit6", "omt", "month1", "mean"))
    value = f"{by_id[key][8]:.1f}"
    assert titled[key] == f"HIT-6 total, 1 month, Osteopathic treatment: Mean {value} points"
    assert "Sham treatment" in {text.text for text in tree.iter(f"{SVG}text")}


def test_the_values_stand_beside_the_image(folder):
    path, study = folder
    with (path / "figures" / "boxes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    stored = {row[0]: row[8] for row in study.estimates}
    numbers = [row for row in rows if row["id"]]
    assert {row["id"]: float(row["value"]) for row in numbers} == {
        row["id"]: pytest.approx(stored[row["id"]]) for row in numbers
    }
    records = [row for row in rows if not row["id"]]
    assert len(records) == sum(n for (_, visit), n in study_counts(study) if visit in VISITS) + sum(
        r[8] for r in study.estimates if (r[1], r[7]) == ("summary", "n") and r[2] != "hit6" and r[4] != "all"
    )
    recorded = study.records["participants"]
    for row in records:
        unit, parameter, visit, value, _, _ = recorded[int(row["record"]) - 1]
        assert (row["member"], row["parameter"], row["visit"], float(row["value"])) == (
            unit,
            parameter,
            visit,
            pytest.approx(value),
        )
