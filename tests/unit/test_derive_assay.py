"""Plates judged, concentrations beyond limits, and what a concentration consists of."""

import numpy
import pandas
import pytest
from omtrace.faults import Fault
from test_derive import ASSAY, built, curve, frame, parameter, people, plate

CONTROLS = {"controls": {"QC": 100.0}, "acceptance": {}}


def with_controls(layout, reads, wells):
    """A plate with wells of a control: concentrations that they really hold."""
    start = len(layout)
    rows = [(f"1/{start + i}", "1", "control", "QC", None, 1) for i in range(len(wells))]
    more = frame("unit_id plate role sample concentration dilution", *rows)
    signals = [
        row
        for i, x in enumerate(wells)
        for row in ((f"1/{start + i}", "450", float(curve(x)) + 0.04), (f"1/{start + i}", "620", 0.04))
    ]
    read = frame("unit_id wavelength signal", *signals)
    return [stacked(layout, more), stacked(reads, read)]


def stacked(first, second):
    """Two tables as one, keys going on."""
    second = second.assign(key=second["key"] + int(first["key"].max()))
    return pandas.concat([first, second.astype(first.dtypes.to_dict())], ignore_index=True)


def test_a_rejected_plate_says_why_in_every_sample_with_its_cells():
    layout, reads = with_controls(*plate({"R1": [40, 40], "R2": [300, 320]}), wells=[150, 150, 100])
    frames = {"people": people("R1", "R2", "R3"), "layout": layout, "reads": reads}
    found, behind = built(frames, {"x": parameter("assay", **ASSAY, **CONTROLS)})
    says = "plate rejected: controls: 1 of 3 within 20%"
    assert list(found.values()) == [says, says, "not collected"]
    control_keys = set(layout.loc[layout["role"] == "control", "key"])
    assert control_keys <= {key for unit, _, key, _, role in behind if unit == "R1" and role == "standard"}
    good = with_controls(*plate({"R1": [40, 40], "R2": [300, 320]}), wells=[101, 99, 100])
    found, _ = built({**frames, "layout": good[0], "reads": good[1]}, {"x": parameter("assay", **ASSAY, **CONTROLS)})
    assert found["R1", ""] == pytest.approx(400, rel=1e-5)


def test_a_controls_known_concentration_may_stand_in_the_layout():
    layout, reads = with_controls(*plate({"R1": [40, 40]}), wells=[150, 150, 100])
    held = {"nominal": [100.0 if role == "control" else None for role in layout["role"]]}
    frames = {"people": people("R1"), "layout": layout.assign(**held), "reads": reads}
    options = {"acceptance": {}, "nominal": "nominal"}
    found, behind = built(frames, {"x": parameter("assay", **ASSAY, **options)})
    assert list(found.values()) == ["plate rejected: controls: 1 of 3 within 20%"]
    controls = set(layout.loc[layout["role"] == "control", "key"])
    assert {key for *_, key, column, role in behind if (column, role) == ("nominal", "standard")} == controls
    frames["layout"] = layout.assign(nominal=[150.0 if role == "control" else None for role in layout["role"]])
    found, _ = built(frames, {"x": parameter("assay", **ASSAY, **options)})
    assert found["R1", ""] == pytest.approx(400, rel=1e-5)
    with pytest.raises(Fault, match="no column 'known'"):
        built(frames, {"x": parameter("assay", **ASSAY, acceptance={}, nominal="known")})


def test_a_rejected_curve_is_a_rejected_plate_where_plates_are_judged():
    layout, reads = plate({"R1": [40]}, levels=[0, 500])
    found, _ = built(
        {"people": people("R1"), "layout": layout, "reads": reads}, {"x": parameter("assay", **ASSAY, acceptance={})}
    )
    assert found["R1", ""] == "plate rejected: no curve: too few levels"


def test_beyond_the_standards_values_are_censored_where_the_plan_says_so():
    layout, reads = plate({"R1": [40, 40], "R2": [2, 2], "R3": [5000, 5000]})
    frames = {"people": people("R1", "R2", "R3", "R4"), "layout": layout, "reads": reads}
    options = {**ASSAY, "limits": "censor"}
    found, _ = built(frames, {"x": parameter("assay", **options)})
    assert list(found.values()) == [pytest.approx(400, rel=1e-5), "below LLOQ", "above ULOQ", "not collected"]
    parts = {}
    for part in ("state", "bound", "plate", "curve_1", "wells"):
        parts[part], behind = built(
            frames, {"x": parameter("assay", **options), "p": parameter("assay_part", of="x", part=part)}
        )
        assert {cell[0] for cell in behind} == {"R1", "R2", "R3"}
    assert list(parts["state"].values()) == [0, -1, 1, "not collected"]
    assert list(parts["bound"].values()) == [pytest.approx(400, rel=1e-5), 156, 10_000, "not collected"]
    assert set(parts["plate"].values()) == {"1", "not collected"}
    assert parts["curve_1"]["R2", ""] == "below LLOQ" and isinstance(parts["wells"]["R1", ""], float)


def test_reported_values_are_those_of_the_curve_beyond_the_standards_too():
    layout, reads = plate({"R1": [10, 10]})
    frames = {"people": people("R1"), "layout": layout, "reads": reads}
    found, _ = built(frames, {"x": parameter("assay", **ASSAY, limits="report")})
    assert found["R1", ""] == pytest.approx(100, rel=1e-4)
    found, _ = built(frames, {"x": parameter("assay", **ASSAY)})
    assert found["R1", ""] == "below LLOQ"


def test_weights_are_options():
    layout, reads = plate({"R1": [40, 40]}, levels=[0, *numpy.geomspace(8, 2000, 9)])
    frames = {"people": people("R1"), "layout": layout, "reads": reads}
    for options in ({"weights": "1/y2"}, {"weights": "1/x"}):
        found, _ = built(frames, {"x": parameter("assay", **ASSAY, **options)})
        assert found["R1", ""] == pytest.approx(400, rel=1e-4), options


@pytest.mark.parametrize("acceptance", [None, {}])
def test_a_curve_of_five_parameters_gives_values_and_five_parts(acceptance):
    x, levels = {"R1": [40, 40], "R2": [300, 320]}, [0, *numpy.geomspace(8, 2000, 9)]
    layout, reads = plate(x, levels=levels)
    frames = {"people": people("R1", "R2"), "layout": layout, "reads": reads}
    options = {**ASSAY, "model": "5PL", "acceptance": acceptance}
    found, _ = built(frames, {"x": parameter("assay", **options)})
    assert list(found.values()) == pytest.approx([400, 3100], rel=1e-3)
    found, _ = built(frames, {"x": parameter("assay", **options), "p": parameter("assay_part", of="x", part="curve_5")})
    assert all(isinstance(value, float) for value in found.values())


def test_only_an_assay_has_parts():
    frames = {"people": people("R1")}
    with pytest.raises(Fault, match="has no parts"):
        built(
            frames,
            {
                "age": parameter("column", table="people", column="age"),
                "p": parameter("assay_part", of="age", part="state"),
            },
        )


# models of the curve, and the plan's word for a plate


def straight(x):
    return 0.05 + 0.0006 * numpy.asarray(x, dtype=float)


def plate_of(shape, samples, levels, name="1", noise=0.0):
    """Layout and reads of a plate whose signals follow a shape, each well off by a share of noise."""
    layout, reads = plate(samples, name=name, levels=levels, dilution=1)
    generator = numpy.random.default_rng(4)
    held = [x for x in levels for _ in (1, 2)] + [x for xs in samples.values() for x in xs]
    signals = shape(held) * (1 + noise * generator.standard_normal(len(held)))
    return layout, reads[reads["wavelength"] == "450"].assign(signal=signals, key=range(1, len(held) + 1))


BCA = [0, 25, 125, 250, 500, 750, 1000, 1500, 2000]


@pytest.mark.parametrize("model", ["linear", "quadratic", "4PL", "5PL", "spline"])
def test_a_straight_assay_gives_all_its_concentrations_with_any_model_that_fits(model):
    held = {f"R{n}": [x, x] for n, x in enumerate([60, 300, 900, 1700], 1)}
    layout, reads = plate_of(straight, held, BCA, noise=0.005)
    frames = {"people": people(*held), "layout": layout, "reads": reads}
    options = {**ASSAY, "reference": "", "model": model, "acceptance": {}}
    found, _ = built(frames, {"x": parameter("assay", **options)})
    assert list(found.values()) == pytest.approx([60, 300, 900, 1700], rel=0.1)
    parts, _ = built(frames, {"x": parameter("assay", **options), "p": parameter("assay_part", of="x", part="wells")})
    assert all(0 < value < 0.1 for value in parts.values())


def test_a_log_log_assay_leaves_the_zero_standard_out():
    held = {"R1": [60, 60], "R2": [900, 900]}
    layout, reads = plate_of(lambda x: 0.001 + 0.02 * numpy.asarray(x, dtype=float) ** 0.7, held, BCA, noise=0.005)
    frames = {"people": people(*held), "layout": layout, "reads": reads}
    found, _ = built(frames, {"x": parameter("assay", **{**ASSAY, "reference": "", "model": "log-log"})})
    assert list(found.values()) == pytest.approx([60, 900], rel=0.05)
    with pytest.raises(Fault, match="log-log takes weights: none"):
        built(frames, {"x": parameter("assay", **ASSAY, model="log-log", weights="1/y2")})


def test_the_plan_stands_up_for_a_plate_with_a_reason():
    layout, reads = with_controls(*plate({"R1": [40, 40]}), wells=[150, 150, 100])
    frames = {"people": people("R1"), "layout": layout, "reads": reads}
    reason = {"1": "the control had thawed; the standards hold"}
    found, _ = built(frames, {"x": parameter("assay", **ASSAY, **CONTROLS, override=reason)})
    assert found["R1", ""] == pytest.approx(400, rel=1e-5)
    with pytest.raises(Fault, match="no plate is called '2'"):
        built(frames, {"x": parameter("assay", **ASSAY, **CONTROLS, override={"2": "another plate, by mistake"})})
    with pytest.raises(Fault, match="at least 10 characters"):
        built(frames, {"x": parameter("assay", **ASSAY, **CONTROLS, override={"1": "fine"})})


def test_a_scattered_curve_is_refused_and_may_be_overridden_whole():
    held = {"R1": [300, 300]}
    layout, reads = plate_of(straight, held, BCA, noise=0.25)
    frames = {"people": people(*held), "layout": layout, "reads": reads}
    options = {**ASSAY, "reference": "", "model": "linear"}
    found, _ = built(frames, {"x": parameter("assay", **options)})
    assert found["R1", ""].startswith(("no curve: standards: fewer than 6 of 8", "no curve: imprecise"))
    for more in ({}, {"acceptance": {}}):
        overridden = {**options, **more, "override": {"1": "a pilot; figures are not used"}}
        found, _ = built(frames, {"x": parameter("assay", **overridden)})
        assert isinstance(found["R1", ""], float)
    relaxed = {"standard": 400, "standard_end": 400, "precision": 900, "precision_end": 900}
    found, _ = built(frames, {"x": parameter("assay", **options, read_back=relaxed)})
    assert isinstance(found["R1", ""], float)
    with pytest.raises(Fault, match="say it under acceptance"):
        built(frames, {"x": parameter("assay", **options, read_back=relaxed, acceptance={})})
