"""Methods of assays: plates accepted or not, values beyond limits, assay error, controls over time, batches."""

import math

import numpy as np
import pandas
import pytest
from omtrace.analyses import Call
from omtrace.analyses._refusals import numbers_of
from omtrace.analyses.selection import Data
from omtrace.faults import Fault
from omtrace.model.closed import checked
from omtrace.model.plan import Analysis, DatasetPlan
from omtrace.plugins import plugin


def call_of(method, facts, parameters, options=None, group="plate", population=""):
    """The call of a method on facts: parameter -> unit -> value, text, or "!status"."""
    units = sorted({unit for values in facts.values() for unit in values})
    rows = []
    for name, values in facts.items():
        for unit in units:
            what = values.get(unit, "!not collected")
            told = isinstance(what, str)
            status = what[1:] if told and what.startswith("!") else "observed"
            text = what if told and status == "observed" else None
            rows.append((len(rows) + 1, unit, name, "", None if told else float(what), text, status))
    records = pandas.DataFrame(rows, columns=["record", "unit", "parameter", "visit", "value", "text", "status"])
    records["text"] = records["text"].astype("str").where(records["text"].notna(), None)
    cells = pandas.DataFrame({"record": records["record"], "key": records["record"], "column": "c", "role": "value"})
    names = list(dict.fromkeys(v for v in facts[group].values() if not v.startswith("!")))
    plan = DatasetPlan.model_validate(
        {
            "unit": "well",
            "roster": {"table": "t", "column": "unit_id"},
            "group": group,
            "groups": {name: name for name in names},
            "parameters": {
                name: {"derive": "column", "label": name, "unit": "u" if name == parameters[0] else ""}
                for name in facts
            },
            "populations": {"full": {"label": "all", "where": population}},
        }
    )
    entry = Analysis.model_validate(
        {"method": method, "dataset": "data", "title": "t", "parameters": parameters, "options": options or {}}
    )
    found = plugin("analyses", method, "METHOD")
    return Call("a", entry, checked(found.options, entry.options, "options"), plan, Data("data", plan, records, cells))


def numbers(method, facts, parameters, options=None, group="plate", population=""):
    """(group, level, statistic) -> number of a method run on facts, see ``call_of``."""
    call = call_of(method, facts, parameters, options, group, population)
    units, names = call.data.units, list(call.dataset.groups)
    given = list(plugin("analyses", method, "METHOD").run(call))
    keys = [(n.group, n.level, n.statistic) for n in given if n.parameter == parameters[0]]
    assert len(set(keys)) == len(keys), "two numbers of one name"
    for number in given:
        wanted = [u for u in units if number.group == "all" or facts[group].get(u) in number.group.split(" - ")]
        assert number.rows.expected == number.rows.used + number.rows.excluded
        assert number.group not in names or number.rows.expected >= len(wanted)
    return {(n.group, n.level, n.statistic): n for n in given if n.parameter == parameters[0]}


def value(found, *key):
    return found[key].value


# plates accepted or not


def curve(x):
    return 2.9 + (0.06 - 2.9) / (1 + (np.asarray(x, dtype=float) / 300) ** 1.2)


LEVELS = [0, 7.8125, 15.625, 31.25, 62.5, 125, 250, 500, 1000]
OPTIONS = {"controls": {"QC1": 60, "QC2": 300}, "dilution": "dilution"}


def wells(controls=(60, 60, 300, 300), samples=None, spike=None, plate="P", seed=1):
    """Facts of a plate: standards in duplicate, controls, samples as (name, dilution, concentration in the well)."""
    contents = [("standard", f"S{x:g}", x, 1, x) for x in LEVELS for _ in (1, 2)]
    contents += [("control", name, None, 1, x) for name, x in zip(("QC1", "QC1", "QC2", "QC2"), controls, strict=True)]
    contents += [("sample", name, None, dilution, x) for name, dilution, x in samples or []]
    contents += [("spiked", name, added, dilution, x) for name, added, dilution, x in spike or []]
    generator = np.random.default_rng(seed)
    facts = {name: {} for name in ("signal", "plate", "role", "sample", "concentration", "dilution")}
    for n, (role, name, nominal, dilution, x) in enumerate(contents):
        unit = f"{plate}/{'ABCDEFGH'[n % 8]}{n // 8 + 1}"
        facts["signal"][unit] = float(curve(x)) * (1 + 0.004 * generator.standard_normal())
        facts["plate"][unit], facts["role"][unit], facts["sample"][unit] = plate, role, name
        facts["dilution"][unit] = float(dilution)
        if nominal is not None:
            facts["concentration"][unit] = float(nominal)
    return facts


def test_a_good_plate_is_accepted():
    found = numbers("plate_acceptance", wells(samples=[("R1", 2, 50), ("R1", 2, 50)]), ["signal"], OPTIONS)
    assert value(found, "P", "", "plate_verdict") == 2
    assert (value(found, "P", "", "lloq"), value(found, "P", "", "uloq")) == (7.8125, 1000)
    assert value(found, "P", "control QC1", "within_limit") == value(found, "P", "control QC1", "n") == 2
    assert value(found, "P", "control QC2", "recovery") == pytest.approx(100, abs=3)
    assert not [level for _, level, _ in found if level.startswith(("flag", "rejected"))]
    assert found["P", "", "lloq"].rows.used == 18 and found["P", "", "plate_verdict"].rows.used == 24


def test_a_plates_numbers_rest_on_what_its_wells_hold():
    facts = wells(samples=[("R1", 2, 50), ("R1", 2, 50)])
    found = numbers("plate_acceptance", facts, ["signal"], OPTIONS)
    at = dict.fromkeys(facts["signal"], 0)
    start = {name: len(at) * place for place, name in enumerate(facts)}  # records count on from fact to fact
    held = {record for record, _, reason in found["P", "", "plate_verdict"].rows.entries if not reason}
    for name, values in facts.items():
        assert {start[name] + n for n, unit in enumerate(sorted(at), 1) if unit in values} <= held, name


def test_a_plate_with_bad_controls_is_rejected_with_the_reason():
    found = numbers("plate_acceptance", wells(controls=(60, 60, 500, 500)), ["signal"], OPTIONS)
    assert value(found, "P", "", "plate_verdict") == 0
    assert ("P", "rejected: controls: 2 of 4 within 20%", "plate_verdict") in found


def test_flags_of_replicates_dilutions_hooks_and_spikes():
    samples = [
        ("R1", 2, 50),
        ("R1", 2, 90),
        ("R2", 1, 400),
        ("R2", 2, 200),
        ("R2", 4, 100),
        ("R3", 1, 400),
        ("R3", 4, 240),
        ("R3", 16, 200),
        ("R4", 1, 100),
    ]
    found = numbers("plate_acceptance", wells(samples=samples, spike=[("R4", 100, 1, 150)]), ["signal"], OPTIONS)
    flags = {level for _, level, _ in found if level.startswith("flag: ")}
    # samples are numbered: their names are of animals or people, and the numbers may be given away
    assert flags == {
        "flag: replicates over the limit: 1 of 3 samples and controls",
        "flag: not linear: sample 3",
        "flag: not parallel: sample 3",
        "flag: hook effect: sample 3",
        "flag: spike recovery: sample 4",
    }
    assert found["P", "flag: hook effect: sample 3", "plate_verdict"].rows.used == 18 + 3  # its wells and the standards
    assert value(found, "P", "", "plate_verdict") == 1
    assert value(found, "P", "dilutions of sample 2", "cv") < 5
    assert value(found, "P", "spike of sample 4", "recovery") == pytest.approx(50, abs=5)


def test_a_control_of_unknown_concentration_is_no_sample():
    facts = wells(samples=[("R1", 1, 50), ("R1", 1, 50)])
    found = numbers("plate_acceptance", facts, ["signal"], {"dilution": "dilution"})
    assert value(found, "P", "", "plate_verdict") == 2
    assert not [level for _, level, _ in found if level.startswith("control")]


def test_a_controls_known_concentration_may_be_a_parameter_of_the_wells():
    facts = wells(controls=(60, 60, 300, 300))
    facts["known"] = {unit: 60.0 if name == "QC1" else 300.0 for unit, name in facts["sample"].items() if "QC" in name}
    options = {"dilution": "dilution", "nominal": "known"}
    found = numbers("plate_acceptance", facts, ["signal"], options)
    assert value(found, "P", "", "plate_verdict") == 2 and value(found, "P", "control QC1", "within_limit") == 2
    named = numbers("plate_acceptance", wells(), ["signal"], OPTIONS)
    assert value(found, "P", "control QC2", "recovery") == value(named, "P", "control QC2", "recovery")
    start = len(facts["signal"]) * list(facts).index("known")
    assert {record for record, _, why in found["P", "", "plate_verdict"].rows.entries if record > start and not why}
    facts["known"] = {unit: 2 * known for unit, known in facts["known"].items()}
    found = numbers("plate_acceptance", facts, ["signal"], options)
    assert value(found, "P", "", "plate_verdict") == 0


def test_a_plate_without_standards_is_rejected():
    facts = wells()
    facts["role"] = dict.fromkeys(facts["role"], "sample")
    found = numbers("plate_acceptance", facts, ["signal"], OPTIONS)
    assert ("P", "rejected: no standards", "plate_verdict") in found


# values beyond limits, assay error


def groups(below=(), above=()):
    generator = np.random.default_rng(4)
    facts = {name: {} for name in ("x", "arm", "state", "c1", "c2", "c3", "c4", "wells", "plate")}
    for n in range(24):
        unit = f"R{n:02}"
        facts["x"][unit] = float(np.exp(generator.normal(3 + 0.5 * (n % 2), 0.4)))
        facts["arm"][unit], facts["plate"][unit] = ("sham", "OMT")[n % 2], f"P{n // 12}"
        facts["state"][unit] = -1.0 if n in below else 1.0 if n in above else 0.0
        facts["wells"][unit] = 0.01
        facts |= {name: {**facts[name], unit: 0.1 * (name == "c1")} for name in ("c1", "c2", "c3", "c4")}
    return facts


CENSORED = {"contrasts": [["OMT", "sham"]], "state": "state"}
ERROR = {"contrasts": [["OMT", "sham"]], "curve": ["c1", "c2", "c3", "c4"], "wells": "wells", "plate": "plate"}


def test_without_limits_the_comparison_is_the_ordinary_one():
    facts = groups()
    found = numbers("censored_comparison", facts, ["x"], CENSORED, "arm")
    logs = [[math.log(v) for u, v in facts["x"].items() if facts["arm"][u] == arm] for arm in ("OMT", "sham")]
    ratio = math.exp(np.mean(logs[0]) - np.mean(logs[1]))
    assert value(found, "OMT - sham", "censored regression", "ratio") == pytest.approx(ratio, rel=1e-9)
    assert not [level for _, level, _ in found if level.startswith("substitution")]
    mean = np.mean([v for u, v in facts["x"].items() if facts["arm"][u] == "sham"])
    assert value(found, "sham", "Kaplan–Meier", "mean") == pytest.approx(mean, rel=1e-9)


def test_limits_stay_limits_and_everyone_is_counted():
    facts = groups(below=(0, 2, 4, 6))
    facts["state"]["R08"] = "!plate rejected: controls"
    found = numbers("censored_comparison", facts, ["x"], CENSORED, "arm")
    assert (value(found, "sham", "", "n"), value(found, "sham", "", "n_below")) == (11, 4)
    rows = found["OMT - sham", "censored regression", "ratio"].rows
    assert (rows.used, rows.excluded) == (23, 1)
    assert {reason for *_, reason in rows.entries} == {"", "state plate rejected: controls"}
    assert ("OMT - sham", "Peto–Prentice test", "p") in found
    assert ("OMT - sham", "substitution of limit × 0.5, biased", "ratio") in found
    up = numbers("censored_comparison", groups(above=(1, 3)), ["x"], CENSORED, "arm")
    assert ("OMT", "Kaplan–Meier", "mean") not in up and ("OMT - sham", "censored regression", "p") in up


def test_a_group_below_its_limit_as_a_whole_is_refused_with_the_reason():
    found = numbers("censored_comparison", groups(below=range(0, 24, 2)), ["x"], CENSORED, "arm")
    (level,) = [level for _, level, _ in found if level.startswith("censored regression")]
    assert "a whole group lies beyond its limits" in level


def test_the_error_of_a_curve_cancels_where_both_groups_share_the_plates():
    found = numbers("assay_error", groups(), ["x"], ERROR, "arm")
    assert value(found, "OMT - sham", "assay", "se_curve") == pytest.approx(0, abs=1e-12)
    assert value(found, "OMT - sham", "assay", "se_wells") == pytest.approx(math.sqrt(2 * 0.01 / 12), rel=1e-9)
    plain, whole = (value(found, "OMT - sham", f"{w} the curves' error", "se_log") for w in ("without", "with"))
    assert plain == pytest.approx(whole, rel=1e-12)
    assert value(found, "OMT - sham", "assay", "assay_share") == pytest.approx(100 * 2 * 0.01 / 12 / plain**2, rel=1e-9)


def test_the_error_of_a_curve_counts_in_full_where_each_group_has_its_plate():
    facts = groups()
    facts["plate"] = {unit: facts["arm"][unit] for unit in facts["plate"]}
    found = numbers("assay_error", facts, ["x"], ERROR, "arm")
    assert value(found, "OMT - sham", "assay", "se_curve") == pytest.approx(math.sqrt(2) * 0.1, rel=1e-9)
    plain, whole = (value(found, "OMT - sham", f"{w} the curves' error", "se_log") for w in ("without", "with"))
    assert whole == pytest.approx(math.hypot(plain, math.sqrt(2) * 0.1), rel=1e-9)
    low, high = (value(found, "OMT - sham", f"{w} the curves' error", "p") for w in ("without", "with"))
    assert high > low


def test_the_standard_error_with_the_curves_holds_in_simulation():
    """Two groups, each on a plate of its own: curves fitted, samples read, the ratio's spread against its error."""
    from omtrace.statistics.assay.assay_error import assay_error
    from omtrace.statistics.curves.calibration import fit_curves, reading_errors, well_variance

    generator, found = np.random.default_rng(12), []
    levels, truth = np.repeat(LEVELS, 2), 60 * np.exp(0.1 * generator.standard_normal(6))
    standards = curve(levels) * (1 + 0.05 * generator.standard_normal((500, levels.size)))
    fits = fit_curves(levels, standards, weighting="1/y2")
    for run in range(250):
        sides = []
        for row in (2 * run, 2 * run + 1):
            fit = fits.take(row)
            signal = curve(truth) * (1 + 0.05 * generator.standard_normal(truth.size))
            factor, _ = well_variance(levels, standards[row], fit, "1/y2")
            x, shared, well = (part[0] for part in reading_errors(fit, signal, factor, "1/y2"))
            sides.append((np.log(x), shared / x[:, None], well / x**2))
        if all(fits.refusal[[2 * run, 2 * run + 1]] == ""):
            (a, curve_a, well_a), (b, curve_b, well_b) = sides
            told = assay_error((a, b), (curve_a, curve_b), (well_a, well_b), (["P"] * 6, ["Q"] * 6))
            found.append((told["plain"]["difference"], told["assay"]["se_curve"], told["assay"]["se_wells"]))
    differences, by_curve, by_wells = np.array(found).T
    assert len(found) > 200
    assert differences.std() == pytest.approx(np.sqrt((by_curve**2 + by_wells**2).mean()), rel=0.15)


# controls over time


def charted(plates=6, odd=None):
    facts = {name: {} for name in ("x", "plate", "control", "day", "lot")}
    for p in range(plates):
        for name, nominal in (("QC1", 60), ("QC2", 300)):
            for w in (1, 2):
                unit = f"P{p}/{name}{w}"
                shift = (odd or {}).get((p, name), 0.02 * (-1) ** p + 0.01 * (p % 3))
                facts["x"][unit] = nominal * math.exp(shift)
                facts["plate"][unit], facts["control"][unit] = f"P{p}", name
                facts["day"][unit], facts["lot"][unit] = f"2026-0{9 - p}-01", "A" if p < 3 else "B"
    return facts


CHART = {"control": "control", "baseline": ["P0", "P1", "P2", "P3"]}


def test_controls_are_charted_against_a_baseline_and_rules_name_their_plates():
    found = numbers("levey_jennings", charted(odd={(4, "QC1"): 0.5, (5, "QC1"): 0.5}), ["x"], CHART)
    assert value(found, "P4", "QC1", "z") > 3 and abs(value(found, "P0", "QC1", "z")) < 2
    assert value(found, "all", "QC1, baseline", "n") == 4
    assert ("P5", "2-2s, QC1: {group:P4}, {group:P5}", "rule_broken") in found
    assert ("P4", "1-3s, QC1: {group:P4}", "rule_broken") in found
    assert value(found, "all", "", "rules_broken") == 3 and value(found, "all", "", "warnings") == 2
    rows = found["P5", "2-2s, QC1: {group:P4}, {group:P5}", "rule_broken"].rows
    assert (rows.used, rows.excluded) == (12, 12)  # QC1 on both plates and on the baseline's, on which z hangs; not QC2
    assert found["P4", "QC1", "z"].rows.used == 10  # a z rests on the baseline's plates too
    assert not [level for group, level, statistic in found if statistic == "rule_broken" and "QC2" in level]


def test_a_dated_baseline_and_means_by_lot():
    options = {"control": "control", "date": "day", "baseline_until": "2026-06-01", "by": ["lot"]}
    found = numbers("levey_jennings", charted(), ["x"], options)
    assert value(found, "all", "QC1, baseline", "n") == 3  # P5, P4, P3 came first
    base = np.mean([value(found, plate, "QC1", "z") for plate in ("P3", "P4", "P5")])
    assert base == pytest.approx(0, abs=1e-9)
    assert value(found, "all", "QC1, {parameter:lot} B", "mean_z") == pytest.approx(base)
    assert value(found, "all", "QC1, {parameter:lot} B", "n") == 3


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"control": "control"}, "either baseline"),
        ({"control": "control", "baseline": ["nowhere"]}, "no group 'nowhere'"),
        ({"control": "control", "baseline_until": "2026-06-01"}, "needs date"),
        ({"control": "control", "baseline": ["P0"]}, "1 baseline values"),
        ({"control": "control", "baseline": ["P0", "P1"], "controls": ["QC9"]}, "no control 'QC9'"),
    ],
)
def test_a_chart_without_limits_is_a_fault(options, complaint):
    with pytest.raises(Fault, match=complaint):
        numbers("levey_jennings", charted(), ["x"], options)


def test_a_chart_whose_baseline_gives_no_limits_still_has_the_means_of_its_plates():
    call = call_of("levey_jennings", charted(), ["x"], {"control": "control", "baseline": ["P0"]})
    made = numbers_of(plugin("analyses", "levey_jennings", "METHOD"), call)
    assert {n.statistic for n in made} == {"mean", "not_computed"} and sum(n.statistic == "mean" for n in made) == 12


# batches


def batched(confounded=False, seed=2):
    generator = np.random.default_rng(seed)
    facts = {name: {} for name in ("x", "y", "z", "arm", "batch")}
    for n in range(36):
        unit, batch = f"R{n:02}", n // 12
        arm = "OMT" if (n >= 18 if confounded else n % 2) else "sham"
        facts["arm"][unit], facts["batch"][unit] = arm, "b" + (("0", "1")[n >= 18] if confounded else str(batch))
        for k, name in enumerate("xyz"):
            shift = (0.6 + 0.2 * k) * (batch - 1)
            facts[name][unit] = float(np.exp(3 + shift + 0.5 * (arm == "OMT") + generator.normal(0, 0.2)))
    return facts


BATCHED = {"contrasts": [["OMT", "sham"]], "batch": "batch", "combat": True}


def test_the_effect_stands_with_and_without_correction():
    found = numbers("batch_effect", batched(), ["x", "y", "z"], BATCHED, "arm")
    plain, shift, combat = (
        value(found, "OMT - sham", level, "se_log") for level in ("without correction", "one shift a batch", "ComBat")
    )
    assert shift < 0.5 * plain and combat < 0.6 * plain
    assert value(found, "OMT - sham", "one shift a batch", "ratio") == pytest.approx(math.exp(0.5), rel=0.2)
    assert value(found, "OMT - sham", "guard", "efficiency") == pytest.approx(100)
    assert value(found, "OMT - sham", "batch b1", "n_a") == 6


def test_correction_is_refused_where_batch_and_group_coincide():
    found = numbers("batch_effect", batched(confounded=True), ["x", "y", "z"], BATCHED, "arm")
    levels = {level for _, level, _ in found}
    assert "correction refused: batch and group are confounded: no correction can tell one from the other" in levels
    assert "one shift a batch" not in levels and "ComBat" not in levels and "without correction" in levels


def test_near_confounding_is_told():
    facts = batched(confounded=True)
    facts["batch"]["R00"], facts["batch"]["R35"] = "b1", "b0"
    found = numbers("batch_effect", facts, ["x"], {**BATCHED, "combat": False}, "arm")
    assert value(found, "OMT - sham", "guard, near-confounded", "efficiency") < 50


def test_shared_samples_bridge_plates():
    facts = {name: {} for name in ("x", "plate", "sample")}
    for p, factor in enumerate((1.0, 1.25, 0.8)):
        for name, level in (("B1", 20), ("B2", 90), (f"R{p}", 50)):
            facts["x"][f"P{p}/{name}"] = level * factor * (1.01 if name == "B1" else 1)
            facts["plate"][f"P{p}/{name}"], facts["sample"][f"P{p}/{name}"] = f"P{p}", name
    found = numbers("bridging", facts, ["x"], {"shared": ["B1", "B2"]})
    assert value(found, "P1 - P0", "", "ratio") == pytest.approx(1.25, rel=1e-9)
    assert (
        value(found, "P2 - P0", "", "ratio") == pytest.approx(0.8, rel=1e-9)
        and value(found, "P2 - P0", "", "shared") == 2
    )
    rows = found["P1 - P0", "", "ratio"].rows
    assert (rows.used, rows.excluded) == (4, 2)
