"""Concentrations brought to one level by what plates share: values, cells behind them, and when it is refused."""

import math
from pathlib import Path

import numpy as np
import pandas
import pytest
from omtrace.faults import Fault, Refusal
from test_analyses_assay import numbers, value
from test_derive import ASSAY, built, curve, frame, parameter, people, plate

SHIFTS = {"1": 0.0, "2": 0.3, "3": -0.2}  # of the log concentrations that a plate gives


def plates(samples, controls=(("QC1", 60.0), ("QC2", 300.0)), shifts=SHIFTS, extra=None):
    """Layout and reads of plates: ``samples`` plate -> names (400 pg/mL in truth), controls in duplicate."""
    layouts, reads = [], []
    for name, shift in shifts.items():
        layout, read = plate({sample: [40 * math.exp(shift)] * 2 for sample in samples[name]}, name)
        rows, signals = [], []
        wells = [(control, x) for control, x in controls for _ in (1, 2)] + list((extra or {}).get(name, ()))
        for n, (control, x) in enumerate(wells, len(layout)):
            rows.append((f"{name}/{n}", name, "control", control, None, 1))
            signals += [(f"{name}/{n}", "450", float(curve(x * math.exp(shift))) + 0.04), (f"{name}/{n}", "620", 0.04)]
        parts = [layout, read]
        if rows:
            parts = [
                pandas.concat([part, frame(header, *more)], ignore_index=True)
                for part, header, more in (
                    (layout, "unit_id plate role sample concentration dilution", rows),
                    (read, "unit_id wavelength signal", signals),
                )
            ]
        layouts.append(parts[0])
        reads.append(parts[1])
    out = {}
    for table, group in (("layout", layouts), ("reads", reads)):
        out[table] = pandas.concat(group, ignore_index=True).assign(key=lambda t: np.arange(1, len(t) + 1))
    return out


SAMPLES = {"1": ["R1", "R2"], "2": ["R3", "R4"], "3": ["R5", "R6"]}
EVERYONE = [one for names in SAMPLES.values() for one in names]


def found_of(frames, part="", group=True, **options):
    """The bridged concentrations, or a part of them, and the cells behind."""
    parameters = {"arm": parameter("column", table="people", column="arm")} if group else {}
    parameters |= {"x": parameter("assay", **ASSAY), "y": parameter("bridged", of="x", **options)}
    if part:
        parameters["p"] = parameter("assay_part", of="y", part=part)
    dataset = {"group": "arm", "groups": {"OMT": "OMT", "sham": "sham"}} if group else {}
    return built({"people": people(*EVERYONE, "R7"), **frames}, parameters, dataset=dataset)


def test_samples_come_to_one_level_and_rest_on_the_shared_wells_and_their_standards():
    frames = plates(SAMPLES)
    found, behind = found_of(frames)
    assert found.pop(("R7", "")) == "not collected"
    level = 400 * math.exp(sum(SHIFTS.values()) / 3)
    assert list(found.values()) == pytest.approx([level] * 6, rel=1e-6)
    layout = frames["layout"]
    mine = {(key, column, role) for unit, _, key, column, role in behind if unit == "R1"}
    controls = set(layout.loc[layout["role"] == "control", "key"])
    assert {key for key, column, role in mine if role == "bridge" and column == "sample"} == controls
    standards = set(layout.loc[layout["role"] == "standard", "key"])
    assert {key for key, column, role in mine if role == "standard" and column == "concentration"} == standards
    reads = frames["reads"].set_index("unit_id")["key"]
    wells = layout.loc[layout["role"] == "control", "unit_id"]
    assert {key for key, column, role in mine if role == "bridge" and column == "signal"} == set(reads.loc[wells])
    own = layout.loc[layout["sample"] == "R1", "unit_id"]
    assert {key for key, _, role in mine if role == "value"} == set(reads.loc[own])


def test_a_reference_plate_stays_as_it_is_and_shifts_are_parts():
    frames = plates(SAMPLES)
    found, _ = found_of(frames, reference="2")
    assert list(found.values())[:6] == pytest.approx([400 * math.exp(0.3)] * 6, rel=1e-6)
    shift, behind = found_of(frames, "shift", reference="2")
    assert list(shift.values())[:6] == pytest.approx([-0.3, -0.3, 0, 0, -0.5, -0.5], abs=1e-6)
    assert {role for unit, *_, role in behind if unit == "R1"} == {"value", "layout", "standard", "bridge"}
    df, _ = found_of(frames, "shift_df")
    assert list(df.values())[:6] == [2] * 6
    with pytest.raises(Fault, match="reference plate '9'"):
        found_of(frames, reference="9")


def test_only_named_samples_bridge_and_a_column_may_name_them():
    extra = {"1": [("POOL", 100.0)], "2": [("POOL", 130.0)], "3": [("POOL", 100.0)]}  # a pool that does not fit
    frames = plates(SAMPLES, extra=extra)
    found, _ = found_of(frames, shared=["QC1", "QC2"], reference="1")
    assert found["R3", ""] == pytest.approx(400, rel=1e-6)
    found, _ = found_of(frames, reference="1")
    assert found["R3", ""] == pytest.approx(400 * math.exp(-math.log(1.3) / 3), rel=1e-6)
    layout = frames["layout"]
    frames["layout"] = layout.assign(link=layout["sample"].where(layout["sample"].isin(["QC1", "QC2"]), None))
    found, behind = found_of(frames, bridge="link", reference="1")
    assert found["R3", ""] == pytest.approx(400, rel=1e-6)
    assert {column for unit, _, _, column, role in behind if role == "bridge"} == {"signal", "link"}


def test_where_plates_and_groups_coincide_correction_is_refused_with_the_reason():
    arms = {"1": ["R1", "R3"], "2": ["R2", "R4"], "3": []}  # people: every second one is OMT
    frames = plates(arms, shifts={"1": 0.0, "2": 0.3, "3": -0.2})
    found, behind = found_of(frames)
    says = "correction refused: batch and group are confounded: no correction can tell one from the other"
    assert [found[unit, ""] for unit in ("R1", "R2", "R3", "R4", "R5")] == [says] * 4 + ["not collected"]
    assert {unit for unit, *_ in behind} == {"R1", "R2", "R3", "R4"}
    found, _ = found_of(frames, group=False)
    assert found["R2", ""] == pytest.approx(found["R1", ""], rel=1e-6)
    with pytest.raises(Fault, match="declare 'arm' before it"):
        built(
            {"people": people(*EVERYONE), **frames},
            {
                "x": parameter("assay", **ASSAY),
                "y": parameter("bridged", of="x"),
                "arm": parameter("column", table="people", column="arm"),
            },
            dataset={"group": "arm"},
        )


def test_without_a_bridge_values_say_so():
    found, _ = found_of(plates(SAMPLES, controls=()))
    assert found["R1", ""] == "no bridge: no sample or control is on two plates"
    found, _ = found_of(plates(SAMPLES, controls=(), extra={p: [("QC", 100.0)] for p in SHIFTS}))
    assert found["R1", ""] == "no bridge: one shared well a plate does not say how sure its shift is"
    alone = {"1": [("A", 100.0)] * 2, "2": [("A", 100.0)] * 2, "3": [("B", 100.0)] * 2}
    found, _ = found_of(plates(SAMPLES, controls=(), extra=alone))
    assert found["R5", ""] == "no bridge: the plate shares no sample or control with the others"
    assert found["R3", ""] == pytest.approx(found["R1", ""], rel=1e-6)


def test_only_a_concentration_is_bridged_and_only_its_parts_are_there():
    frames = {"people": people(*EVERYONE), **plates(SAMPLES)}
    with pytest.raises(Fault, match="not derived with derive: assay"):
        built(frames, {"age": parameter("column", table="people", column="age"), "y": parameter("bridged", of="age")})
    with pytest.raises(Fault, match="no part 'curve_1'"):
        found_of(plates(SAMPLES), "curve_1")


def test_plates_may_share_their_curve_and_rest_on_all_standards_then():
    frames = {"people": people(*EVERYONE), **plates(SAMPLES, shifts={"1": 0.0, "2": 0.0, "3": 0.0})}
    found, behind = built(frames, {"x": parameter("assay", **ASSAY, curve="joint")})
    assert list(found.values()) == pytest.approx([400] * 6, rel=1e-5)
    layout = frames["layout"]
    standards = set(layout.loc[layout["role"] == "standard", "key"])
    for unit in ("R1", "R6"):
        assert {key for who, _, key, c, _ in behind if who == unit and c == "concentration"} == standards
    alone = built(
        {"people": people(*EVERYONE), **plates(SAMPLES, shifts={"1": 0.0})},
        {"x": parameter("assay", **ASSAY, curve="joint")},
    )[0]
    assert alone["R1", ""].startswith("no curve: fewer than two plates")
    with pytest.raises(Fault, match="no part 'curve_1'"):
        built(
            frames,
            {"x": parameter("assay", **ASSAY, curve="joint"), "p": parameter("assay_part", of="x", part="curve_1")},
        )
    with pytest.raises(Fault, match="joint needs model: 4PL"):
        built(frames, {"x": parameter("assay", **ASSAY, curve="joint", model="5PL")})


def test_on_a_shared_curve_levels_that_do_not_hold_only_shrink_the_range():
    frames = plates(SAMPLES, controls=[("QC", 100.0)], shifts={"1": 0.0, "2": 0.0, "3": 0.0})
    layout, reads = frames["layout"], frames["reads"].set_index(["unit_id", "wavelength"])
    low = layout.loc[(layout["plate"] == "2") & (layout["concentration"] == 15.6), "unit_id"]
    reads.loc[[(unit, "450") for unit in low], "signal"] += 0.06  # the lowest level of one plate reads far too high
    frames["reads"] = reads.reset_index()
    options = {**ASSAY, "controls": {"QC": 100.0}, "acceptance": {}, "limits": "censor", "curve": "joint"}
    made = {"people": people(*EVERYONE), **frames}
    bound, _ = built(made, {"x": parameter("assay", **options)})
    assert bound["R3", ""] == pytest.approx(400, rel=0.05) and bound["R1", ""] == pytest.approx(400, rel=0.05)
    signal = reads.loc[[(unit, "450") for unit in layout.loc[layout["sample"] == "R3", "unit_id"]]].index
    reads.loc[signal, "signal"] = float(curve(20)) + 0.04  # between the two lowest levels
    made["reads"] = reads.reset_index()
    found, _ = built(made, {"x": parameter("assay", **options)})
    assert found["R3", ""] == "below LLOQ"


def test_the_plan_of_the_plates_page_holds():
    import yaml

    text = (Path(__file__).resolve().parents[2] / "docs/plates.md").read_text(encoding="utf-8")
    parameters = yaml.safe_load(text.split("```yaml")[1].split("```")[0])
    frames = plates(SAMPLES)
    made = {"people": people(*EVERYONE), "plate_layout": frames["layout"], "plate_signals": frames["reads"]}
    found, _ = built(made, parameters)
    assert list(parameters)[-1] == "cgrp_shift_df" and set(found.values()) == {2.0}
    level, _ = built(made, {name: parameters[name] for name in ("cgrp", "cgrp_level")})
    assert len({round(value, 3) for value in level.values()}) == 1


# the comparison beside the uncorrected one


def bridged_facts(lopsided=6, confounded=False, seed=3):
    """36 animals on three plates with shifts; of each plate's twelve, ``lopsided`` are OMT on the first."""
    generator = np.random.default_rng(seed)
    facts = {name: {} for name in ("x", "arm", "plate", "shift", "se", "df")}
    for n in range(36):
        unit, at = f"R{n:02}", n // 12
        share = {0: lopsided, 1: 6, 2: 12 - lopsided}[at]
        arm = "OMT" if (at == 2 if confounded else n % 12 < share) else "sham"
        shift = (-0.5, 0.0, 0.5)[at]
        facts["arm"][unit], facts["plate"][unit], facts["shift"][unit] = arm, f"P{at}", shift
        facts["se"][unit], facts["df"][unit] = 0.05, 4.0
        facts["x"][unit] = float(np.exp(3 + shift + 0.4 * (arm == "OMT") + generator.normal(0, 0.15)))
    return facts


SHARED = {"contrasts": [["OMT", "sham"]], "batch": "plate", "shift": ["shift", "se", "df"]}
PAIR, LEVEL = "OMT - sham", "shared samples"


def test_the_effect_with_the_shifts_of_plates_stands_beside_that_without():
    found = numbers("batch_effect", bridged_facts(2), ["x"], SHARED, "arm")
    plain, corrected = value(found, PAIR, "without correction", "ratio"), value(found, PAIR, LEVEL, "ratio")
    assert abs(math.log(corrected) - 0.4) < 0.1 < abs(math.log(plain) - 0.4)
    share = np.array([2, 6, 10]) / 18 - np.array([10, 6, 2]) / 18
    assert value(found, PAIR, LEVEL, "se_shift") == pytest.approx(0.05 * math.sqrt(float(share @ share)), rel=1e-9)
    assert value(found, PAIR, LEVEL, "se_log") > value(found, PAIR, LEVEL, "se_shift")
    assert (value(found, PAIR, LEVEL, "n_a"), value(found, PAIR, LEVEL, "n_b")) == (18, 18)
    roles = {role for _, role, _ in found[PAIR, LEVEL, "ratio"].rows.entries}
    assert roles == {"outcome", "group", "covariate"} and found[PAIR, LEVEL, "ratio"].rows.used == 36


def test_of_groups_alike_on_all_plates_the_shifts_error_cancels():
    found = numbers("batch_effect", bridged_facts(6), ["x"], SHARED, "arm")
    assert value(found, PAIR, LEVEL, "se_shift") == pytest.approx(0, abs=1e-12)
    shift = value(found, PAIR, "one shift a batch", "ratio")
    assert value(found, PAIR, LEVEL, "ratio") == pytest.approx(shift, rel=1e-9)


def test_shared_samples_do_not_rescue_a_confounded_comparison():
    found = numbers("batch_effect", bridged_facts(confounded=True), ["x"], SHARED, "arm")
    levels = {level for _, level, _ in found}
    assert not [level for level in levels if level.startswith(LEVEL)]
    assert any(level.startswith("correction refused: batch and group are confounded") for level in levels)


def test_units_without_a_shift_are_counted_with_the_reason():
    facts = bridged_facts(6)
    for name in ("shift", "se", "df"):
        facts[name] |= {f"R{n:02}": "!no bridge: alone" for n in range(12, 24)}
    found = numbers("batch_effect", facts, ["x"], SHARED, "arm")
    rows = found[PAIR, LEVEL, "ratio"].rows
    assert (rows.used, rows.excluded) == (24, 12)
    assert {reason for *_, reason in rows.entries if reason} == {"shift no bridge: alone"}
    for name in ("shift", "se", "df"):
        facts[name] = dict.fromkeys(facts["x"], "!correction refused: batch and group are confounded")
    found = numbers("batch_effect", facts, ["x"], SHARED, "arm")
    assert (PAIR, f"{LEVEL} refused: correction refused: batch and group are confounded", "n") in found


def test_plates_and_logarithms_are_asked_for():
    with pytest.raises(Fault, match="set log"):
        numbers("batch_effect", bridged_facts(), ["x"], {**SHARED, "log": False}, "arm")
    facts = bridged_facts()
    facts["shift"]["R00"] = 0.9
    with pytest.raises(Fault, match="name the plate as batch"):
        numbers("batch_effect", facts, ["x"], SHARED, "arm")


def test_all_plates_in_one_fit():
    facts = {name: {} for name in ("x", "plate", "sample")}
    for p, factor in enumerate((1.0, 1.25, 0.8)):
        for name, level in (("B1", 20), ("B2", 90), (f"R{p}", 50)):
            facts["x"][f"P{p}/{name}"] = level * factor * (1.02 if name == "B1" and p == 1 else 1)
            facts["plate"][f"P{p}/{name}"], facts["sample"][f"P{p}/{name}"] = f"P{p}", name
    joint, pairs = (
        numbers("bridging", facts, ["x"], {"shared": ["B1", "B2"], "fit": fit}) for fit in ("joint", "pairs")
    )
    for plate_ in ("P1", "P2"):
        ours = value(joint, f"{plate_} - P0", "", "ratio")
        assert ours == pytest.approx(value(pairs, f"{plate_} - P0", "", "ratio"), rel=1e-9)
    assert value(joint, "P1 - P0", "", "df") == 2 and value(pairs, "P1 - P0", "", "df") == 1
    assert 0.15 < value(joint, "all", "", "sd_shift") < 0.35 and 0 < value(joint, "all", "", "sd_left") < 0.02
    rows = joint["P1 - P0", "", "ratio"].rows
    assert (rows.used, rows.excluded) == (6, 3)
    with pytest.raises(Fault, match="no shared sample"):
        numbers("bridging", facts, ["x"], {"shared": ["B1", "B2"], "fit": "joint", "reference": "P9"})


# one curve or several


def standards(shifts, noise=0.02, seed=1, flat=False):
    """Standards of plates in duplicate, one curve but for the midpoint."""
    facts = {name: {} for name in ("signal", "plate", "concentration")}
    generator = np.random.default_rng(seed)
    for p, shift in enumerate(shifts):
        for n, level in enumerate([x for x in (0, 8, 16, 31, 62, 125, 250, 500, 1000) for _ in (1, 2)]):
            unit = f"P{p}/{n}"
            signal = 0.05 + 2.9 / (1 + (300 * math.exp(shift) / level) ** 1.2) if level else 0.05
            signal = 1.0 if flat and p == 0 else signal
            facts["signal"][unit] = signal * (1 + noise * generator.standard_normal())
            facts["plate"][unit], facts["concentration"][unit] = f"P{p}", float(level)
    return facts


CURVE = {"concentration": "concentration", "weights": "1/y2"}


def test_one_curve_serves_plates_alike_and_midpoints_that_differ_are_told():
    found = numbers("shared_curve", standards([0, 0, 0]), ["signal"], CURVE)
    assert value(found, "all", "midpoints differ", "p") > 0.05 < value(found, "all", "more than midpoints differ", "p")
    assert value(found, "all", "one curve", "aic") < value(found, "all", "a curve of each plate", "aic")
    found = numbers("shared_curve", standards([0, 0.4, -0.4]), ["signal"], CURVE)
    assert value(found, "all", "midpoints differ", "p") < 1e-6 < value(found, "all", "more than midpoints differ", "p")
    level = "midpoint / mean of all"
    assert value(found, "P1", level, "ratio") == pytest.approx(math.exp(0.4), rel=0.05)
    assert value(found, "P1", level, "ci_low") < math.exp(0.4) < value(found, "P1", level, "ci_high")
    assert [
        value(found, "all", name, "parameters")
        for name in ("one curve", "one midpoint a plate", "a curve of each plate")
    ] == [4, 6, 12]
    assert (value(found, "all", "", "plates"), value(found, "all", "", "n")) == (3, 54)


def test_ec50_of_groups_are_compared_on_parallel_curves():
    options = {**CURVE, "contrasts": [["P1", "P0"]]}
    found = numbers("shared_curve", standards([0, 0.4, -0.4]), ["signal"], options)
    ratio = {name: value(found, "P1 - P0", "EC50, on parallel curves", name) for name in ("ratio", "ci_low", "ci_high")}
    assert ratio["ratio"] == pytest.approx(math.exp(0.4), rel=0.05)
    assert ratio["ci_low"] < math.exp(0.4) < ratio["ci_high"]
    with pytest.raises(Refusal, match="no curve of P0: flat"):
        numbers("shared_curve", standards([0, 0.4, -0.4], flat=True), ["signal"], options)
    with pytest.raises(Refusal, match="fewer than two groups have a curve"):
        numbers("shared_curve", standards([0, 0.4], flat=True), ["signal"], options)


def test_plates_without_a_curve_are_left_out_of_the_comparison_with_the_reason():
    found = numbers("shared_curve", standards([0, 0.4, -0.4], flat=True), ["signal"], CURVE)
    rows = found["all", "one curve", "rss"].rows
    assert (rows.used, rows.excluded) == (36, 18)
    reasons = {reason for *_, reason in rows.entries if reason}
    assert len(reasons) == 1 and reasons.pop().startswith("no curve: flat")
    facts = standards([0, 0.4], flat=True)
    found = numbers("shared_curve", facts, ["signal"], CURVE)
    assert value(found, "all", "", "plates") == 1 and ("all", "one curve", "rss") not in found
