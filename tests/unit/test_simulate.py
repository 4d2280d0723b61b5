"""The simulated exports: the committed bytes, their calibration, every seeded defect found in the files."""

import csv
import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from omtrace.simulate import DEFECTS, simulate
from omtrace.simulate.defects import Defect, with_defects
from omtrace.simulate.streams import Stream

RAW = Path(__file__).parents[2] / "data" / "raw"
STUDIES = ("omt_feasibility", "omt_rct", "rat_two_hit")
WEIGHTS = {"1": 6, "2": 8, "3": 10, "4": 11, "5": 13}
HIT6 = [f"hit6_{n}" for n in range(1, 7)]
MSQ = [f"msq_{n}" for n in range(1, 15)]
MIDAS = [f"midas_{n}" for n in range(1, 6)]
FILAMENTS = {0.41, 0.69, 1.2, 2.04, 3.63, 5.5, 8.51, 15.14}


def rows_of(study, file):
    with open(RAW / study / file, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def place(row, *columns):
    return tuple(row[column] for column in columns)


def whole(text, low, high):
    return bool(re.fullmatch(r"-?\d+", text)) and low <= int(text) <= high


def hit6_complete(row):
    return all(whole(row[item], 1, 5) for item in HIT6)


def total(row):
    return sum(WEIGHTS[row[item]] for item in HIT6)


def event(row):
    return row["record_id"], row["redcap_event_name"].removesuffix("_arm_1")


# The committed files ------------------------------------------------------------------------------


def test_output_equals_the_committed_bytes(tmp_path):
    made = {path.relative_to(tmp_path): path.read_bytes() for path in simulate(tmp_path)}
    files = [path for study in STUDIES for path in (RAW / study).iterdir()]
    committed = {path.relative_to(RAW): path.read_bytes() for path in files}
    assert sorted(made) == sorted(committed)
    assert [str(name) for name in made if made[name] != committed[name]] == []


def test_csv_files_are_utf8_with_line_feeds():
    for path in (p for study in STUDIES for p in (RAW / study).glob("*.csv")):
        content = path.read_bytes()
        assert b"\r" not in content and content.endswith(b"\n")
        widths = {len(row) for row in csv.reader(content.decode("utf-8").splitlines(keepends=True))}
        assert len(widths) == 1, path


def test_streams_are_named_and_pinned():
    assert [Stream("a").whole(0, 999) for _ in range(2)] == [Stream("a").whole(0, 999)] * 2
    first = Stream("pinned")
    assert [first.whole(0, 9999) for _ in range(3)] == [1197, 4600, 3663]
    assert Stream("a").uniform() != Stream("b").uniform()
    draws = np.array([value.normal() for value in [Stream("normal")] for _ in range(4000)])
    assert abs(draws.mean()) < 0.06 and abs(draws.std() - 1) < 0.05


def test_a_defect_without_its_row_is_refused():
    rows = [{"id": "1", "x": 1}, {"id": "1", "x": 2}]
    with pytest.raises(ValueError, match="2 rows instead of one"):
        with_defects("f.csv", rows, [Defect("f.csv", {"id": "1"}, {"x": 9}, "wrong")])


# The feasibility study ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redcap():
    return rows_of("omt_feasibility", "redcap.csv")


def test_feasibility_design(redcap):
    unique = {event(row): row for row in redcap}
    people = sorted({record for record, _ in unique})
    assert people == [f"SM-{n:02d}" for n in range(1, 12)]
    for visit in ("baseline", "treatment_1", "end_of_treatment", "month_1", "month_3"):
        assert sum(v == visit for _, v in unique) == 11
    sessions = Counter(record for record, visit in unique if visit.startswith("treatment_"))
    assert set(sessions.values()) == {3, 4, 5}
    baseline = [unique[person, "baseline"] for person in people]
    assert Counter(row["sex"] for row in baseline) == {"1": 1, "2": 10}
    ages = [int(row["age"]) for row in baseline]
    assert 45 <= np.mean(ages) <= 49 and 18 <= min(ages) and max(ages) <= 60
    answers = Counter(unique[person, "end_of_treatment"]["satisfaction"] for person in people)
    assert answers == {"5": 8, "4": 3}


def test_unscheduled_forms_are_blank(redcap):
    scheduled = {
        "demographics": {"baseline"},
        "session": {f"treatment_{n}" for n in range(1, 6)},
        "hit6": {"baseline", "month_1", "month_3"},
        "msq": {"baseline", "month_1", "month_3"},
        "midas": {"baseline", "month_3"},
        "satisfaction": {"end_of_treatment"},
        "lifestyle": {"baseline", "month_1", "month_3"},
    }
    for row in redcap:
        for form, visits in scheduled.items():
            assert bool(row[f"{form}_complete"]) == (event(row)[1] in visits)
    notes = [row["visit_note"] for row in redcap]
    assert any("\n" in note and '"' in note for note in notes)


def test_feasibility_calibration(redcap):
    scored = {event(row): total(row) for row in redcap if row["hit6_complete"] and hit6_complete(row)}
    visits = ("baseline", "month_1", "month_3")
    by_visit = {v: [t for (_, visit), t in scored.items() if visit == v] for v in visits}
    assert 60 <= np.mean(by_visit["baseline"]) <= 65
    assert 6 <= np.std(by_visit["baseline"], ddof=1) <= 9.6
    clean = {record for record, _ in scored if all((record, visit) in scored for visit in by_visit)}
    fall = np.mean([scored[record, "month_3"] - scored[record, "baseline"] for record in clean])
    assert -6 < fall < -0.5
    answered = [row for row in redcap if all(whole(row[item], 0, 92) for item in MIDAS)]
    days = [sum(int(row[item]) for item in MIDAS) for row in answered if event(row)[1] == "baseline"]
    assert np.mean(days) > 1.25 * np.median(days)


def test_eight_participants_are_clean_in_hit6(redcap):
    clean = Counter(
        row["record_id"]
        for row in redcap
        if row["hit6_complete"] == "2" and hit6_complete(row) and int(row["hit6_total"]) == total(row)
    )
    assert sum(visits == 3 for visits in clean.values()) == 8


def test_feasibility_defects(redcap):
    forms = [row for row in redcap if row["hit6_complete"]]
    out = [(event(row), item) for row in forms for item in HIT6 if row[item] and not whole(row[item], 1, 5)]
    assert out == [(("SM-04", "month_1"), "hit6_3")]
    assert next(row["hit6_3"] for row in forms if event(row) == out[0][0]) == "7"
    assert [(event(r), i) for r in forms for i in HIT6 if not r[i]] == [(("SM-02", "month_3"), "hit6_5")]
    differs = [row for row in forms if hit6_complete(row) and row["hit6_total"] != str(total(row))]
    assert [event(row) for row in differs] == [("SM-09", "month_3")]
    assert 36 <= int(differs[0]["hit6_total"]) <= 78 and int(differs[0]["hit6_total"]) not in (37, 39, 77)
    long = [event(row) for row in redcap if row["midas_1"] and int(row["midas_1"]) + int(row["midas_2"]) > 92]
    assert long == [("SM-06", "baseline")]
    repeated = [place for place, count in Counter(tuple(row.items()) for row in redcap).items() if count > 1]
    assert [event(dict(row)) for row in repeated] == [("SM-01", "treatment_3")]
    assert max(Counter(event(row) for row in redcap).values()) == 2
    text = [(event(r), i, r[i]) for r in redcap for i in MSQ if r[i] and not re.fullmatch(r"-?\d+", r[i])]
    assert text == [(("SM-08", "month_1"), "msq_5", "3 or 4")]


def test_feasibility_forms_with_status_0_and_coded_cells(redcap):
    forms = {"hit6": HIT6, "msq": MSQ, "midas": MIDAS, "satisfaction": ["satisfaction"]}
    open_forms = [
        (event(row), form, sum(bool(row[item]) for item in items))
        for row in redcap
        for form, items in forms.items()
        if row[f"{form}_complete"] == "0"
    ]
    assert open_forms == [(("SM-10", "month_3"), "msq", 14), (("SM-11", "month_1"), "msq", 0)]
    cells = {(event(row), column): value for row in redcap for column, value in row.items()}
    coded = {cell: value for cell, value in cells.items() if value in ("-99", "-98")}
    assert coded == {
        (("SM-07", "month_3"), "midas_2"): "-99",
        (("SM-03", "baseline"), "midas_5"): "-98",
        (("SM-10", "month_1"), "msq_9"): "-98",
        (("SM-01", "month_3"), "midas_b"): "-99",
    }


# The randomised trial -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trial():
    files = ("questionnaires", "sessions", "allocation", "diary", "adverse_events")
    return {file: rows_of("omt_rct", f"{file}.csv") for file in files}


@pytest.fixture(scope="module")
def arms(trial):
    return {row["participant_id"]: row["arm"] for row in trial["allocation"] if row["participant_id"]}


def test_allocation_is_balanced_in_permuted_blocks(trial, arms):
    assert Counter(arms.values()) == {"OMT": 70, "sham": 70} and len(arms) == 140
    slots = trial["allocation"]
    for _, block in itertools.groupby(slots, key=lambda row: place(row, "stratum", "block")):
        counts = Counter(row["arm"] for row in block)
        assert counts["OMT"] == counts["sham"] in (2, 3)
    for _, stratum in itertools.groupby(slots, key=lambda row: row["stratum"]):
        used = [row["allocated_on"] for row in stratum]
        filled = [day for day in used if day]
        assert used == filled + [""] * (len(used) - len(filled))
        assert filled == sorted(filled)
    assert 0 < sum(not row["participant_id"] for row in slots) < 20
    types = {"1": "episodic", "2": "chronic"}
    baseline = [row for row in trial["questionnaires"] if row["site"]]
    said = {row["record_id"]: f"{row['site']}-{types[row['migraine_type']]}" for row in baseline}
    assert said == {row["participant_id"]: row["stratum"] for row in slots if row["participant_id"]}


def test_trial_effect_and_correlations(trial, arms):
    totals = {event(row): int(row["hit6_total"]) for row in trial["questionnaires"]}
    kept = sorted(record for record, visit in totals if visit == "month_3")
    change: dict = {"OMT": [], "sham": []}
    for record in kept:
        change[arms[record]].append(totals[record, "month_3"] - totals[record, "baseline"])
    difference = np.mean(change["OMT"]) - np.mean(change["sham"])
    error = np.sqrt(sum(np.var(c, ddof=1) / len(c) for c in change.values()))
    assert abs(difference - -2.5) < 2 * error
    baseline = [row for row in trial["questionnaires"] if row["site"] and row["midas_2"] != "-99"]
    days = [sum(int(row[item]) for item in MIDAS) for row in baseline]
    assert 0.35 < np.corrcoef(days, [int(row["hit6_total"]) for row in baseline])[0, 1] < 0.65
    assert np.mean(days) > 1.25 * np.median(days)
    for kind, mean in (("2", 62.5), ("1", 60.2)):
        of_kind = [int(row["hit6_total"]) for row in baseline if row["migraine_type"] == kind]
        assert abs(np.mean(of_kind) - mean) < 2.5


def test_leaving_follows_what_was_seen_before(trial, arms):
    totals = {event(row): int(row["hit6_total"]) for row in trial["questionnaires"]}
    left = {record for record in arms if (record, "month_3") not in totals}
    assert 0.10 < len(left) / len(arms) < 0.20
    last = {record: totals.get((record, "month_1"), totals[record, "baseline"]) for record in arms}
    sessions = Counter(row["participant_id"] for row in trial["sessions"])
    stayed = set(arms) - left
    assert np.mean([last[r] for r in left]) > np.mean([last[r] for r in stayed]) + 2
    assert np.mean([sessions[r] for r in left]) < np.mean([sessions[r] for r in stayed])


def test_diary_days(trial, arms):
    kinds = {row["record_id"]: row["migraine_type"] for row in trial["questionnaires"] if row["site"]}
    filled_in = [row for row in trial["diary"] if row["participant_id"] in arms]
    rows = {place(row, "participant_id", "study_day"): row for row in filled_in}
    assert {int(day) for _, day in rows} == set(range(-28, 85)) - {0}
    for row in rows.values():
        assert int(row["migraine"]) <= int(row["headache"]) and int(row["acute_medication"]) <= int(row["headache"])
        assert (row["pain_max"] == "0") == (row["headache"] == "0")
    for kind, mean in (("2", 14.4), ("1", 6.5)):
        before = [int(row["migraine"]) for (r, day), row in rows.items() if kinds[r] == kind and int(day) < 0]
        assert abs(28 * np.mean(before) - mean) < 2
    assert 0.85 < sum(int(day) < 0 for _, day in rows) / (28 * 140) < 0.99


def test_trial_dates_are_in_order(trial, arms):
    allocated = {row["participant_id"]: row["allocated_on"] for row in trial["allocation"]}
    first = {row["participant_id"]: row["session_on"] for row in trial["sessions"] if row["session"] == "1"}
    enrolled = {row["record_id"]: row["enrolled_on"] for row in trial["questionnaires"] if row["site"]}
    assert set(first) == set(arms) == set(enrolled)
    assert all(enrolled[r] < allocated[r] <= first[r] for r in arms)
    last = {row["participant_id"]: row["session_on"] for row in trial["sessions"]}
    visits = {event(row): row["hit6_on"] for row in trial["questionnaires"]}
    assert all(day > last[record] for (record, visit), day in visits.items() if visit == "month_1")
    assert all(day > visits[record, "month_1"] for (record, visit), day in visits.items() if visit == "month_3")
    keys = [place(row, "participant_id", "study_day", "term") for row in trial["adverse_events"]]
    assert len(set(keys)) == len(keys)


def test_trial_defects(trial, arms):
    diary, forms = trial["diary"], trial["questionnaires"]
    days = [place(row, "participant_id", "study_day") for row in diary]
    twice = [day for day, count in Counter(days).items() if count > 1]
    assert twice == [("R017", "12"), ("R017", "13"), ("R064", "-9"), ("R064", "40")]
    for day in twice:
        said = [row["headache"] for row, this in zip(diary, days, strict=True) if this == day]
        assert sorted(said) == ["0", "1"]
    assert [day for day in days if day[0] not in arms] == [("R999", str(n)) for n in range(1, 6)]
    pain = [(day, row["pain_max"]) for row, day in zip(diary, days, strict=True) if not whole(row["pain_max"], 0, 10)]
    assert pain == [(("R045", "20"), "12")]
    young = [(event(row), row["age"]) for row in forms if row["age"] and not whole(row["age"], 18, 60)]
    assert young == [(("R033", "baseline"), "17")]
    cells = {(event(row), column): value for row in forms for column, value in row.items()}
    coded = {cell: value for cell, value in cells.items() if value.startswith("-")}
    assert coded == {(("R021", "baseline"), "midas_2"): "-99", (("R076", "month_3"), "midas_4"): "-99"}
    onsets = [(row["participant_id"], int(row["study_day"])) for row in trial["adverse_events"]]
    assert [onset for onset in onsets if onset[1] < 1] == [("R102", -40)]
    assert max(day for _, day in onsets) <= 90 and {person for person, _ in onsets} <= set(arms)


def test_trial_questionnaires_are_sound_but_for_the_defects(trial):
    for row in trial["questionnaires"]:
        assert hit6_complete(row) and row["hit6_total"] == str(total(row)) and row["hit6_complete"] == "2"
        assert all(whole(row[item], 1, 6) for item in MSQ)
        days = [int(row[item]) for item in MIDAS if row[item] and row[item] != "-99"]
        assert bool(days) == (event(row)[1] != "month_1") and bool(row["satisfaction"]) != bool(days)
        if len(days) == 5:
            assert days[0] + days[1] <= 90 and days[2] + days[3] <= 90 and max(days) <= int(row["midas_a"]) <= 90


# The treatment and what surrounds it, in both ------------------------------------------------------

PROTOCOLS = {
    "omt_feasibility": [
        ("myofascial_release", region)
        for region in ("suboccipital", "cervical_posterior", "cervical_anterior", "shoulder_girdle", "thoracic_inlet")
    ],
    "omt_rct": [
        ("soft_tissue", "cervical_posterior"),
        ("myofascial_release", "thoracic_inlet"),
        ("cervical_mobilisation", "cervical_posterior"),
        ("suboccipital_decompression", "suboccipital"),
        ("cranial", "cranium"),
    ],
}
CLINICAL = [("omt_feasibility", "redcap.csv"), ("omt_rct", "questionnaires.csv")]


def sessions_of(study):
    """(participant, session) -> movements done, minutes, provider."""
    if study == "omt_rct":
        rows = rows_of(study, "sessions.csv")
        return {
            place(r, "participant_id", "session"): place(r, "movements_done", "minutes", "provider_id") for r in rows
        }
    rows = [row for row in rows_of(study, "redcap.csv") if row["session_on"]]
    return {
        (row["record_id"], row["redcap_event_name"].split("_")[1]): place(
            row, "movements_done", "minutes", "provider_id"
        )
        for row in rows
    }


@pytest.mark.parametrize("study", PROTOCOLS)
def test_movements_are_as_many_as_the_sessions_say_and_mostly_those_of_the_protocol(study, arms):
    movements: dict = {}
    for row in rows_of(study, "movements.csv"):
        movements.setdefault(place(row, "participant_id", "session"), []).append(row)
    sessions = sessions_of(study)
    assert set(movements) == set(sessions)
    faithful = 0
    for session, rows in movements.items():
        assert [row["movement"] for row in rows] == [str(n) for n in range(1, int(sessions[session][0]) + 1)]
        assert abs(sum(int(row["seconds"]) for row in rows) / 60 - int(sessions[session][1])) < 2
        sham = study == "omt_rct" and arms[session[0]] == "sham"
        assert {row["sham_contact"] for row in rows} == {"light_touch" if sham else ""}
        as_planned = [place(row, "technique", "region") for row in rows] == PROTOCOLS[study]
        faithful += as_planned and all(abs(int(row["seconds"]) - 60) <= 10 for row in rows)
    assert 0.6 < faithful / len(sessions) < 0.95


@pytest.mark.parametrize("study", PROTOCOLS)
def test_providers_are_licensed_trained_before_and_seen_in_the_sessions(study):
    providers = {row["provider_id"]: row for row in rows_of(study, "providers.csv")}
    assert {row["credential"] for row in providers.values()} == {"DO"}
    first = {"omt_feasibility": "2022-09-12", "omt_rct": "2024-02-13"}[study]
    assert max(row["trained_on"] for row in providers.values()) < first
    used = Counter(provider for _, _, provider in sessions_of(study).values())
    assert set(used) == set(providers)
    if study == "omt_rct":
        sites = {row["record_id"]: row["site"] for row in rows_of(study, "questionnaires.csv") if row["site"]}
        assert all(providers[p]["site"] == sites[who] for (who, _), (_, _, p) in sessions_of(study).items())


@pytest.mark.parametrize(("study", "file"), CLINICAL)
def test_drugs_stand_on_days_with_medication_and_overuse_is_mostly_ticked_as_the_diary_says(study, file):
    ticked = {row["record_id"]: row["medication_overuse"] for row in rows_of(study, file) if row["medication_overuse"]}
    before: dict = {}
    for row in rows_of(study, "diary.csv"):
        if row["participant_id"] in ticked:
            assert bool(row["acute_class"]) == (row["acute_medication"] == "1")
            if int(row["study_day"]) < 0:
                before.setdefault(row["participant_id"], []).append(row["acute_class"])
    agree = 0
    for who, days in before.items():
        ten = sum(day in ("triptan", "ergot", "opioid", "combination") for day in days) * 28 / len(days) >= 10
        fifteen = days.count("simple_analgesic") * 28 / len(days) >= 15
        agree += (ticked[who] == "1") == (ten or fifteen)
    assert 0.9 < agree / len(ticked) <= 1 and 0 < sum(tick == "1" for tick in ticked.values()) < 0.5 * len(ticked)


def test_two_of_the_feasibility_study_have_no_chronic_migraine_by_their_diary():
    days: dict = {}
    for row in rows_of("omt_feasibility", "diary.csv"):
        if int(row["study_day"]) < 0:
            days.setdefault(row["participant_id"], []).append(place(row, "headache", "migraine"))
    share = {who: [28 * np.mean([int(day[n]) for day in rows]) for n in (0, 1)] for who, rows in days.items()}
    assert [who for who, (headache, migraine) in share.items() if headache < 15 or migraine < 8] == ["SM-05", "SM-11"]


@pytest.mark.parametrize("study", PROTOCOLS)
def test_harms_are_coded_and_care_is_logged_once(study):
    events = rows_of(study, "adverse_events.csv")
    of_term = {(row["preferred_term"], row["soc"]) for row in events}
    assert len(of_term) == len({term for term, _ in of_term}) and all(soc and term for term, soc in of_term)
    log = rows_of(study, "care_log.csv")
    keys = [place(row, "participant_id", "study_day", "kind", "item") for row in log]
    assert len(set(keys)) == len(keys)
    assert {row["change"] for row in log if int(row["study_day"]) < 0} == {"continued"}


# The rats -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rats():
    return {file: rows_of("rat_two_hit", f"{file}.csv") for file in ("animals", "cages", "von_frey", "cell_counts")}


def group(animal):
    return animal["model"], animal["treatment"]


def test_rats_are_balanced(rats):
    animals = rats["animals"]
    assert [row["animal_id"] for row in animals] == [f"RT{n:02d}" for n in range(1, 49)]
    assert set(Counter(map(group, animals)).values()) == {8} and len({group(row) for row in animals}) == 6
    assert set(Counter((*group(row), row["batch"]) for row in animals).values()) == {2, 3}
    assert set(Counter(row["batch"] for row in animals).values()) == {16}
    assert set(Counter(row["cage_id"] for row in animals).values()) == {2}
    assert len({place(row, "cage_id", "treatment", "batch") for row in animals}) == 24
    assert {row["cage_id"] for row in animals} == {row["cage_id"] for row in rats["cages"]}


def test_rat_calibration(rats):
    of = {row["animal_id"]: group(row) for row in rats["animals"]}

    after = [row for row in rats["von_frey"] if row["hour"] in "1234" and row["threshold_g"] != "99"]

    def thresholds(key):
        return np.array([float(row["threshold_g"]) for row in after if of[row["animal_id"]] == key])

    control, sham = thresholds(("control", "sham")), thresholds(("two_hit", "sham"))
    abortive, repeated = thresholds(("two_hit", "omt_abortive")), thresholds(("two_hit", "omt_repeated"))
    assert 2.5 < control.mean() / sham.mean() < 7
    assert sham.mean() < abortive.mean() < repeated.mean()
    assert sham.mean() > np.median(sham) and sham.std() / sham.mean() > 0.4
    for marker in ("cfos_tnc", "cgrp_tg"):
        counts: dict = {}
        for row in rats["cell_counts"]:
            if row["marker"] == marker and row["animal_id"] in of and int(row["count"]) >= 0:
                counts.setdefault(row["animal_id"], []).append(int(row["count"]))
        per_rat: dict = {}
        for animal, sections in counts.items():
            per_rat.setdefault(of[animal], []).append(np.mean(sections))
        assert 1.1 < np.mean(per_rat["two_hit", "sham"]) / np.mean(per_rat["control", "sham"]) < 2.4
        assert 0.05 < np.mean([np.std(m, ddof=1) / np.mean(m) for m in per_rat.values()]) < 0.15


def test_rat_defects(rats):
    known = {row["animal_id"] for row in rats["animals"]}
    odd = [row for row in rats["von_frey"] if float(row["threshold_g"]) not in FILAMENTS]
    assert [tuple(row.values()) for row in odd] == [("RT13", "periorbital", "3", "99")]
    below = [row for row in rats["cell_counts"] if int(row["count"]) < 0]
    assert [place(row, "animal_id", "marker", "section") for row in below] == [("RT22", "cgrp_tg", "3")]
    strangers = [row for row in rats["cell_counts"] if row["animal_id"] not in known]
    assert [place(row, "animal_id", "marker", "section") for row in strangers] == [("RT99", "cfos_tnc", "1")]
    assert len(rats["von_frey"]) == 48 * 2 * 6 and len(rats["cell_counts"]) == 48 * 2 * 4 + 1


def plate_reads(number):
    lines = (RAW / "rat_two_hit" / f"plate_{number}.txt").read_bytes().decode("iso-8859-1").split("\r\n")
    assert lines[-1] == "" and {line.count("\t") for line in lines[:-1]} == {97}
    cells = [line.split("\t") for line in lines]
    assert cells[0][0] == "##BLOCKS= 1" and cells[1][:2] == ["Plate:", f"Batch {number}"]
    assert cells[2][1] == "Temperature(°C)" and cells[7][0] == "~End"
    wells = cells[2][2:]
    assert wells == [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 13)]
    return dict(zip(wells, cells[3][2:], strict=True)), dict(zip(wells, cells[5][2:], strict=True))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_plates_and_layouts(rats, number):
    first, second = plate_reads(number)
    layout = rows_of("rat_two_hit", f"layout_{number}.csv")
    assert {row["plate"] for row in layout} == {f"Batch {number}"}
    assert len({row["well"] for row in layout}) == len(layout) == 56
    samples = Counter(row["sample"] for row in layout if row["role"] == "sample")
    batch = {row["animal_id"] for row in rats["animals"] if row["batch"] == str(number)}
    assert set(samples) == batch and set(samples.values()) == {2}
    levels = Counter(float(row["concentration_pg_ml"]) for row in layout if row["role"] == "standard")
    assert levels == dict.fromkeys([0, *(1000 / 2**n for n in range(8))], 2)
    assert all(bool(row["concentration_pg_ml"]) == (row["role"] == "standard") for row in layout)
    overflow = [well for well in first if first[well] == "OVRFLW"]
    assert overflow == (["E6"] if number == 2 else [])
    signal = {well: float(first[well]) - float(second[well]) for well in first if well not in overflow}
    pairs = [[signal[row["well"]] for row in layout if row["sample"] == f"S{n}"] for n in range(1, 10)]
    assert all(np.mean(high) > np.mean(low) for high, low in itertools.pairwise(pairs))
    cvs = [np.std(pair, ddof=1) / np.mean(pair) for pair in pairs[:7]]
    assert 0.005 < np.mean(cvs) < 0.06
    empty = set(first) - {row["well"] for row in layout}
    assert max(signal[well] for well in empty) < 0.03


def test_serum_is_in_range_by_the_standards():
    of = {row["animal_id"]: group(row) for row in rows_of("rat_two_hit", "animals.csv")}
    serum: dict = {}
    for number in (1, 2, 3):
        first, second = plate_reads(number)
        layout = rows_of("rat_two_hit", f"layout_{number}.csv")
        signal = {well: float(first[well]) - float(second[well]) for well in first if first[well] != "OVRFLW"}
        standards = sorted(
            (signal[row["well"]], float(row["concentration_pg_ml"]))
            for row in layout
            if row["role"] == "standard" and float(row["concentration_pg_ml"]) > 0
        )
        known, levels = np.log(np.array(standards)).T
        for row in layout:
            if row["role"] == "sample" and row["well"] in signal:
                read = np.exp(np.interp(np.log(signal[row["well"]]), known, levels)) * float(row["dilution"])
                serum.setdefault(of[row["sample"]], []).append(read)
    assert all(95 < level < 410 for levels in serum.values() for level in levels)
    means = {key: np.mean(levels) for key, levels in serum.items()}
    assert means["two_hit", "sham"] > means["two_hit", "omt_abortive"] > means["two_hit", "omt_repeated"]


# What is declared ---------------------------------------------------------------------------------


def test_defects_are_named_by_study_file_and_place():
    assert {study: len(names) for study, names in DEFECTS.items()} == {
        "omt_feasibility": 12,
        "omt_rct": 14,
        "rat_two_hit": 4,
    }
    for study, names in DEFECTS.items():
        assert len(set(names)) == len(names)
        for name in names:
            assert (RAW / study / name.split(":")[0]).is_file()
    assert (
        "redcap.csv: record_id SM-04, redcap_event_name month_1_arm_1, column hit6_3: HIT-6 item out of range"
        in (DEFECTS["omt_feasibility"])
    )
