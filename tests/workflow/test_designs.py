"""Designs from their files to the report: time to event with margin and two populations, and a crossover."""

import csv
import io
import random
import re
from datetime import date, timedelta

import pytest
from omtrace.store import read_csv, read_json
from pipeline import done, omtrace, snakemake

PLAN = """
study: designs
title: Times to a relapse
kind: simulated
statement: Made up for a test.
design: Two arms, followed up for 90 days.
tables:
  people:
    reader: delimited
    columns:
      unit_id: id
      arm: {type: category, values: [sham, OMT]}
      entered_on: {type: date}
      ended_on: {type: date}
      relapse: {type: category, values: ["yes", "no"]}
      treated: {type: category, values: ["yes", "no"]}
  pain:
    reader: delimited
    visit: {column: visit, map: {"0": before, "4": week_4, "8": week_8}}
    columns: {unit_id: id, pain: {type: number}}
datasets:
  people:
    unit: participant
    roster: {table: people, column: unit_id}
    visits: {before: Before, week_4: 4 weeks, week_8: 8 weeks}
    baseline: before
    group: arm
    groups: {sham: Sham, OMT: OMT}
    populations: {full: {label: Everybody}, per_protocol: {label: Per protocol, where: treated == 'yes'}}
    parameters:
      arm: {derive: column, label: Arm, options: {table: people, column: arm}}
      treated: {derive: column, label: Treated, options: {table: people, column: treated}}
      relapse: {derive: column, label: Relapse, options: {table: people, column: relapse}}
      days: {derive: calculated, label: Time to relapse, unit: days, decimals: 0, better: higher,
             options: {table: people, calculate: date(ended_on) - date(entered_on)}}
      pain: {derive: column, label: Pain, unit: points, better: lower, visits: [before, week_4, week_8],
             options: {table: pain, column: pain}}
      pain_before: {derive: at_visit, label: Pain before, options: {of: pain, visit: before}}
      worse: {derive: calculated, label: Worse by 2, visits: [before, week_4, week_8],
              options: {calculate: pain - pain_before >= 2}}
      worse_time: {derive: time_to, label: Time to deterioration, unit: weeks, decimals: 0, better: higher,
                   options: {of: worse, times: {before: 0, week_4: 4, week_8: 8}}}
      is_worse: {derive: time_to, label: Deterioration,
                 options: {of: worse, times: {before: 0, week_4: 4, week_8: 8}, give: event}}
analyses:
  relapse: {method: time_to_event, title: Time to relapse, role: primary, parameters: [days],
            options: {event: relapse, times: [30, 60], contrasts: [[OMT, sham]], horizon: 30},
            margin: {value: 1.5, populations: [per_protocol], source: a value for the test}}
  deterioration: {method: time_to_event, title: Time to deterioration, role: secondary, parameters: [worse_time],
                  options: {event: is_worse, times: [4, 8], contrasts: [[OMT, sham]]}}
figures:
  curves: {figure: survival, analyses: [relapse, deterioration], title: Times to relapse and deterioration}
"""


def text_of(rows: list[list]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def trial(n: int = 40) -> tuple[list[list], list[list]]:
    """Dates and pain of two arms."""
    chance = random.Random(5)
    people, pain = [["id", "arm", "entered_on", "ended_on", "relapse", "treated"]], [["id", "visit", "pain"]]
    for number in range(n):
        arm = ("sham", "OMT")[number % 2]
        days, seen = round(chance.expovariate(1 / (70 if arm == "OMT" else 30))) + 1, chance.randint(40, 59)
        last = min(days, seen)
        end = date(2024, 1, 1) + timedelta(days=last)
        name, treated = f"P{number:02}", "no" if number % 9 == 0 else "yes"
        people.append([name, arm, "2024-01-01", end.isoformat(), "yes" if days <= seen else "no", treated])
        pain += [[name, week, chance.randint(3, 8)] for week in (0, 4, 8) if week < 8 or number % 5]
    return people, pain


def crossover(n: int = 20) -> list[list]:
    chance = random.Random(6)
    rows = [["subject", "period", "treatment", "pain", "relief"]]
    for number in range(n):
        for period in (1, 2):
            drug = (number + period) % 2
            values = [
                round(5 - drug + 0.5 * period + chance.random() + number % 4, 2),
                int(chance.random() < 0.3 + 0.4 * drug),
            ]
            rows.append([f"S{number:02}", period, ("placebo", "drug")[drug], *values])
    return rows


@pytest.fixture(scope="module")
def made(fresh, tmp_path_factory):
    """Both studies, run."""
    folder = fresh(tmp_path_factory.mktemp("designs") / "checkout")
    raw = folder / "data/raw/designs"
    raw.mkdir(parents=True)
    (folder / "config/studies/designs.yaml").write_text(PLAN, encoding="utf-8")
    config = folder / "config/config.yaml"
    config.write_text(
        config.read_text(encoding="utf-8").replace("studies:\n", "studies:\n  - designs\n"), encoding="utf-8"
    )
    for name, rows in zip(("people", "pain"), trial(), strict=True):
        (raw / f"{name}.csv").write_text(text_of(rows), encoding="utf-8")
        done(omtrace(folder, "register", f"data/raw/designs/{name}.csv", "--study", "designs", "--table", name))
    (folder.parent / "x.csv").write_text(text_of(crossover()), encoding="utf-8")
    done(omtrace(folder, "new-study", "cross", str(folder.parent / "x.csv"), "--design", "crossover"))
    done(snakemake(folder, "designs", "cross"))
    return folder


def values(folder, study, **names):
    rows = read_csv(folder / f"results/{study}/estimates.csv")
    return {r["statistic"]: float(r["value"]) for r in rows if all(r[k] == v for k, v in names.items()) and r["value"]}


def test_a_trial_of_times_runs_to_a_verdict_in_both_populations(made):
    for analysis, population in (("relapse", "full"), ("relapse_per_protocol", "per_protocol")):
        found = values(made, "designs", analysis=analysis, group="OMT - sham", level="")
        assert found["hazard_ratio"] < 1 and found["margin_high"] == 1.5 and found["noninferiority"] in (1, 2, 3)
        rows = read_csv(made / "results/designs/estimates.csv")
        assert {r["population"] for r in rows if r["analysis"] == analysis} == {population}
    page = (made / "results/designs/report.html").read_text(encoding="utf-8")
    assert "OMT against Sham: " in page and "Per protocol" in page and "Piaggio" in page
    plain = re.sub(r"<[^>]+>", "", page)
    assert "without event" in plain.lower() and "Grambsch and Therneau" in plain
    index = read_json(made / "results/designs/figures/index.json")
    assert [figure["name"] for figure in index] == ["curves"] and "at risk" in index[0]["alt"]
    svg = (made / "results/designs/figures/curves.svg").read_text(encoding="utf-8")
    assert all(f'id="number-{number}"' in svg for number in index[0]["numbers"])


def test_a_hazard_ratio_traces_to_the_dates_and_is_made_again_from_them(made):
    rows = read_csv(made / "results/designs/estimates.csv")
    number = next(r for r in rows if (r["analysis"], r["statistic"]) == ("relapse", "hazard_ratio"))
    trace = done(omtrace(made, "trace", number["id"], "--unit", "P01")).out
    assert "ended_on" in trace and "relapse" in trace
    assert number["value"] in done(omtrace(made, "trace", number["id"], "--recompute")).out
    worse = next(r for r in rows if (r["analysis"], r["statistic"]) == ("deterioration", "hazard_ratio"))
    assert "pain" in done(omtrace(made, "trace", worse["id"], "--unit", "P01")).out


def test_a_crossover_from_its_file_has_its_effect_and_the_person_as_unit(made):
    found = values(made, "cross", analysis="primary", parameter="pain", level="drug - placebo")
    assert found["n"] == 20 and found["df"] == 18 and found["difference"] == pytest.approx(-1, abs=0.6)
    assert values(made, "cross", analysis="yes_or_no", level="drug - placebo")["n"] == 20
    page = (made / "results/cross/report.html").read_text(encoding="utf-8")
    assert "Freeman 1989" in page and "Hills and Armitage" in page
