"""Methods of assays: plates accepted or not, values beyond limits, assay error, controls over time, batches."""

import numpy as np
import pandas
import pytest
from omtrace.analyses import Call
from omtrace.analyses.selection import Data
from omtrace.sources import plugin
from omtrace.study.closed import checked
from omtrace.study.plan import Analysis, DatasetPlan


def numbers(method, facts, parameters, options=None, group="plate", population=""):
    """(group, level, statistic) -> number of a method run on facts: parameter -> unit -> value, text, or "!status"."""
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
            "unit": "well", "roster": {"table": "t", "column": "unit_id"}, "group": group,
            "groups": {name: name for name in names},
            "parameters": {name: {"derive": "column", "label": name, "unit": "u" if name == parameters[0] else ""}
                           for name in facts},
            "populations": {"full": {"label": "all", "where": population}},
        }
    )  # fmt: skip
    entry = Analysis.model_validate(
        {"method": method, "dataset": "data", "title": "t", "parameters": parameters, "options": options or {}}
    )
    found = plugin("analyses", method, "METHOD")
    call = Call("a", entry, checked(found.options, entry.options, "options"), plan, Data("data", plan, records, cells))
    given = list(found.run(call))
    keys = [(n.group, n.level, n.statistic) for n in given]
    assert len(set(keys)) == len(keys), "two numbers of one name"
    for number in given:
        wanted = [u for u in units if number.group == "all" or facts[group].get(u) in number.group.split(" - ")]
        assert number.rows.expected == number.rows.used + number.rows.excluded
        assert number.group not in names or number.rows.expected >= len(wanted)
    return dict(zip(keys, given, strict=True))


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


def test_a_plate_with_bad_controls_is_rejected_with_the_reason():
    found = numbers("plate_acceptance", wells(controls=(60, 60, 500, 500)), ["signal"], OPTIONS)
    assert value(found, "P", "", "plate_verdict") == 0
    assert ("P", "rejected: controls: 2 of 4 within 20%", "plate_verdict") in found


def test_flags_of_replicates_dilutions_hooks_and_spikes():
    samples = [("R1", 2, 50), ("R1", 2, 90), ("R2", 1, 400), ("R2", 2, 200), ("R2", 4, 100),
               ("R3", 1, 400), ("R3", 4, 240), ("R3", 16, 200), ("R4", 1, 100)]  # fmt: skip
    found = numbers("plate_acceptance", wells(samples=samples, spike=[("R4", 100, 1, 150)]), ["signal"], OPTIONS)
    flags = {level for _, level, _ in found if level.startswith("flag: ")}
    assert flags == {"flag: replicates over the limit: 1 of 3 samples and controls", "flag: not linear: R3",
                     "flag: not parallel: R3", "flag: hook effect: R3", "flag: spike recovery: R4"}  # fmt: skip
    assert value(found, "P", "", "plate_verdict") == 1
    assert value(found, "P", "dilutions of R2", "cv") < 5
    assert value(found, "P", "spike of R4", "recovery") == pytest.approx(50, abs=5)


def test_a_plate_without_standards_is_rejected():
    facts = wells()
    facts["role"] = dict.fromkeys(facts["role"], "sample")
    found = numbers("plate_acceptance", facts, ["signal"], OPTIONS)
    assert ("P", "rejected: no standards", "plate_verdict") in found
