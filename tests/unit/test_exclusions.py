"""Exclusions of animals: reasons stated beforehand, the finding for others, and the count in every n."""

from datetime import date

import pandas
import pytest
from omtrace.derivations import Tables
from omtrace.derivations.records import build
from omtrace.model.plan import Plan
from omtrace.validation.crosschecks import Tables as Looked
from omtrace.validation.crosschecks.exclusion_reasons import CROSSCHECK, Options
from pydantic import ValidationError
from test_analyses import PARAMETERS, Results, people

REASONS = {
    "anaesthesia": {"meaning": "died under anaesthesia", "stated": "protocol"},
    "illness": {"meaning": "ill before treatment", "stated": "2024-05-10"},
}


def looked(rows):
    frame = pandas.DataFrame(rows, columns=["reason", "excluded_on"], index=range(1, len(rows) + 1))
    frame = frame.astype({"excluded_on": "datetime64[ns]"})
    return Looked("s", {"exclusions": frame}, {}, {}, {})


def test_reasons_that_were_not_stated_beforehand_are_findings():
    rows = [
        ("anaesthesia", "2024-01-01"),
        ("outlier", "2024-06-01"),
        ("illness", "2024-05-10"),
        ("illness", "2024-05-09"),
        ("illness", None),
    ]
    found = [(hit.rule, hit.key, hit.column) for hit in CROSSCHECK.find(looked(rows), "w", Options(reasons=REASONS))]
    assert found == [("exclusion_reason", 2, "reason"), ("exclusion_before_reason", 4, "excluded_on")]


def test_a_reason_has_a_meaning_and_a_day():
    assert Options(reasons=REASONS).reasons["illness"].stated == date(2024, 5, 10)
    for wrong in ({"meaning": "ill", "stated": "protocol"}, {"meaning": "ill or hurt", "stated": "later"}):
        with pytest.raises(ValidationError):
            Options(reasons={"x": wrong})


def test_the_derivation_says_none_for_those_not_excluded_and_nothing_where_the_reason_is_open():
    plan = Plan.model_validate(
        {
            "study": "s",
            "title": "t",
            "kind": "simulated",
            "statement": "s",
            "design": "d",
            "tables": {name: {"reader": "delimited"} for name in ("animals", "exclusions")},
            "datasets": {
                "d": {
                    "unit": "animal",
                    "roster": {"table": "animals", "column": "unit_id"},
                    "parameters": {
                        "excluded": {"derive": "exclusion", "label": "Excluded"},
                        "measured_out": {
                            "derive": "exclusion",
                            "label": "Excluded",
                            "options": {"stages": ["measurement"]},
                        },
                    },
                    "populations": {"full": {"label": "all"}},
                }
            },
            "analyses": {},
            "figures": {},
        }
    )
    frames = {
        "animals": pandas.DataFrame({"unit_id": list("ABCD"), "key": range(4)}),
        "exclusions": pandas.DataFrame(
            {
                "unit_id": ["A", "B"],
                "stage": ["treatment", "measurement"],
                "reason": ["illness", "anaesthesia"],
                "key": [11, 12],
            }
        ),
    }
    lost = pandas.DataFrame(
        [(13, "exclusions", "exclusion_reason", "reason", "quarantine", "C", "")],
        columns=["key", "table", "rule", "column", "severity", "unit_id", "visit"],
    )
    records, cells = build(plan, "d", Tables(plan, frames, lost, {}))
    found = records.assign(text=records["text"].astype(object).where(records["text"].notna(), None)).set_index(
        ["parameter", "unit"]
    )
    assert found.loc["excluded", "text"].to_dict() == {"A": "illness", "B": "anaesthesia", "C": None, "D": "none"}
    assert found.loc[("excluded", "C"), "status"] == "quarantined: exclusion_reason"
    assert found.loc["measured_out", "text"].to_dict() == {"A": "none", "B": "anaesthesia", "C": None, "D": "none"}
    mine = cells[cells["record"] == found.loc[("excluded", "A"), "record"]]
    assert mine["key"].tolist() == [11]


def test_an_excluded_animal_is_counted_with_its_reason_in_every_n(tmp_path, monkeypatch):
    monkeypatch.setitem(PARAMETERS, "excluded", ((), "", 1))
    units = people()
    for i, facts in enumerate(units.values()):
        facts["excluded", ""] = "illness" if i in (3, 5) else "none"
    kept = {
        "label": "not excluded",
        "where": "excluded != 'illness' and excluded != 'anaesthesia'",
        "reasons": {"excluded != 'illness'": "excluded: ill before treatment"},
    }
    entries = {"a": ("compare_groups", ["x"], ["end"], {"contrasts": [["OMT", "sham"]]}, "kept")}
    results = Results(tmp_path, units, entries, populations={"full": {"label": "all"}, "kept": kept})
    [number] = [n for n in results.numbers if n["statistic"] == "difference"]
    reasons = results.reasons(number)
    assert len(reasons) == 16
    assert reasons["P03"] == reasons["P05"] == {"not in population kept: excluded: ill before treatment"}
    assert sum(found == {""} for found in reasons.values()) == 14
