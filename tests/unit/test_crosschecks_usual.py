"""Crosschecks that run on every study: what each finds, and that they are quiet on the studies that are shipped."""

from pathlib import Path

import numpy
import pandas
import pytest
from omtrace import store
from omtrace.faults import Fault
from omtrace.model.plan import USUAL, read_plan
from omtrace.model.register import exports_of, read_register
from omtrace.plugins import declared, plugin
from omtrace.provenance.keys import key_of, key_text
from omtrace.schemas import table_of
from omtrace.validation.checks import DTYPES
from omtrace.validation.crosschecks import Tables, copied_plates, moved_standards
from omtrace.validation.validate import validate_study
from tables import declared_column, declared_table

ROOT = Path(__file__).parents[2]
SHIPPED = ("headache_diary", "omt_feasibility", "omt_rct", "rat_dnase_elisa", "rat_pup_weight", "rat_two_hit")
VISITS = ("baseline", "month_1", "month_3")


def tables(number=3, received=None, declarations=None, **frames):
    """Tables of the declarations in schemas/ and instruments/, keyed as rows of export ``number``."""
    made = {}
    for name, frame in frames.items():
        keys = [key_of(number, at + 1) for at in range(len(frame))]
        made[name] = frame.set_axis(pandas.Index(keys, dtype="int64", name="key"))
    known = {name: (declarations or {}).get(name) or table_of(name) for name in frames}
    return Tables("small", made, known, received or {}, {})


def found(check, data, **options):
    """(rule, table, row, column) of every hit."""
    crosscheck = plugin("validation.crosschecks", check, "CROSSCHECK")
    hits = list(crosscheck.find(data, f"checks.{check}", crosscheck.options.model_validate(options)))
    assert all(hit.expected and hit.rule in {rule.id for rule in crosscheck.rules} for hit in hits)
    return [(hit.rule, hit.table, key_text(hit.key), hit.column) for hit in hits]


def test_the_usual_checks_are_these():
    assert USUAL == ("copied_plates", "copies", "future_dates", "magnitudes", "moved_standards", "straight_lines")
    assert set(USUAL) <= set(declared("validation.crosschecks"))


@pytest.mark.parametrize("check", USUAL)
@pytest.mark.parametrize("name", [*declared("schemas"), *declared("instruments")])
def test_empty_tables_and_blank_rows_give_nothing(check, name):
    columns = {c.name: pandas.Series([None] * 3, dtype=DTYPES[c.kind]) for c in table_of(name).columns}
    frame = pandas.DataFrame(columns)
    assert found(check, tables(**{name: frame})) == []
    assert found(check, tables(**{name: frame.iloc[:0]})) == []


# the shipped studies


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request, tmp_path_factory):
    study, folder = request.param, tmp_path_factory.mktemp(request.param)
    plan = read_plan(ROOT / f"config/studies/{study}.yaml")
    exports = exports_of(read_register(ROOT / "config/exports.csv"), study)
    validate_study(plan, exports, folder / "findings.csv", folder / "validated", ROOT)
    known = {name: table_of(entry.schema_ or name) for name, entry in plan.tables.items()}
    written = {name: store.read_table(folder / f"validated/{name}.parquet").set_index("key") for name in plan.tables}
    dates = {n: {c.name: DTYPES["date"] for c in table.columns if c.kind == "date"} for n, table in known.items()}
    frames = {name: frame.astype(dates[name]) for name, frame in written.items()}
    received = {export.number: export.received_on for export in exports}
    return Tables(study, frames, known, received, {export.number: export.batch for export in exports})


def test_the_shipped_studies_give_few_notes_and_nothing_worse(shipped):
    expected = {"omt_feasibility": {("straight_line", "hit6"): 1}, "omt_rct": {("straight_line", "hit6"): 9}}
    counts = {}
    for check in USUAL:
        for rule, table, _, _ in found(check, shipped):
            counts[rule, table] = counts.get((rule, table), 0) + 1
    assert counts == expected.get(shipped.study, {})


# future_dates


def sessions(*dates):
    rows = [("P1", str(at), on, 5, 5) for at, on in enumerate(dates)]
    frame = pandas.DataFrame(rows, columns=["unit_id", "session", "session_on", "movements_done", "minutes"])
    return frame.astype({"session_on": DTYPES["date"]})


def test_a_date_after_the_day_of_arrival():
    data = tables(received={3: "2024-03-01"}, sessions=sessions("2024-03-01", "2024-03-02", None, "2042-01-01"))
    assert found("future_dates", data) == [
        ("date_in_future", "sessions", "3:2", "session_on"),
        ("date_in_future", "sessions", "3:4", "session_on"),
    ]
    assert found("future_dates", data, planned={"sessions": ["session_on"]}) == []


@pytest.mark.parametrize("received", [{}, {3: ""}, {4: "2024-03-01"}])
def test_without_a_day_of_arrival_no_date_is_late(received):
    assert found("future_dates", tables(received=received, sessions=sessions("2042-01-01"))) == []


def test_a_planned_column_must_be_there():
    data = tables(sessions=sessions("2024-01-01"))
    for planned, text in (
        ({"sesions": ["session_on"]}, "did you mean 'sessions'"),
        ({"sessions": ["sesion_on"]}, "did you mean 'session_on'"),
        ({"sessions": ["minutes"]}, "is integer, not date"),
    ):
        with pytest.raises(Fault, match="plan of small: checks.future_dates: planned") as caught:
            found("future_dates", data, planned=planned)
        assert text in str(caught.value)


# straight_lines


def answers(instrument, *rows):
    """Forms of an instrument: one answer repeated, or a list of answers."""
    items = table_of(instrument).measured
    forms = [row if isinstance(row, list) else [row] * len(items) for row in rows]
    frame = pandas.DataFrame(forms, columns=list(items)).astype("Int64")
    frame.insert(0, "visit", "baseline")
    frame.insert(0, "unit_id", [f"P{at}" for at in range(len(rows))])
    return frame


def test_one_answer_throughout():
    data = tables(hit6=answers("hit6", 3, 1, 5, [3, 3, 3, 3, 3, 4], [2, 2, None, 2, 2, 2], [2, 2, None, None, 2, 2]))
    assert found("straight_lines", data) == [
        ("straight_line", "hit6", "3:1", "hit6_1"),
        ("straight_line", "hit6", "3:5", "hit6_1"),
    ]
    assert [row for _, _, row, _ in found("straight_lines", data, extremes=True)] == ["3:1", "3:2", "3:3", "3:5"]
    assert len(found("straight_lines", data, least=4)) == 3
    assert found("straight_lines", data, least=7) == []


def test_items_of_other_bounds_are_no_part_of_the_line():
    items = [declared_column(f"q{n}", "integer", minimum=0, maximum=4 if n < 6 else 10, item=True) for n in range(1, 8)]
    form = declared_table("a form", ("unit_id",), (declared_column("unit_id", "text"), *items))
    frame = pandas.DataFrame(
        [["P1", *[2] * 5, 9, 1], ["P2", 2, 2, 2, 2, 1, 2, 2]], columns=["unit_id", *(c.name for c in items)]
    )
    assert found("straight_lines", tables(declarations={"form": form}, form=frame)) == [
        ("straight_line", "form", "3:1", "q1")
    ]


def test_diary_days_are_no_questionnaire():
    frame = pandas.DataFrame(
        {
            "unit_id": ["P1"],
            "study_day": [1],
            "headache": [1],
            "migraine": [1],
            "pain_max": [1],
            "acute_medication": [1],
        }
    )
    assert found("straight_lines", tables(diary=frame), least=3) == []


# copies


def msq(units=30, visits=VISITS, seed=1):
    generator = numpy.random.default_rng(seed)
    items = [f"msq_{n}" for n in range(1, 15)]
    rows = [(f"P{unit:02d}", visit) for unit in range(units) for visit in visits]
    frame = pandas.DataFrame(rows, columns=["unit_id", "visit"])
    frame[items] = generator.integers(1, 7, (len(rows), 14))
    return frame


def copied(frame, source, target):
    """The target's rows take over all that the source's rows hold."""
    frame = frame.copy()
    values = frame.columns[2:]
    frame.loc[frame["unit_id"] == target, values] = frame.loc[frame["unit_id"] == source, values].to_numpy()
    return frame


def test_a_participant_entered_under_two_names():
    assert found("copies", tables(msq=msq())) == []
    data = tables(msq=copied(msq(), "P03", "P20"))
    assert found("copies", data) == [("copied_unit", "msq", "3:61", "unit_id")]
    crosscheck = plugin("validation.crosschecks", "copies", "CROSSCHECK")
    (hit,) = crosscheck.find(data, "checks.copies", crosscheck.options())
    assert hit.expected == "rows that differ from those of the unit of row 3:10"
    assert hit.key == key_of(3, 61)


def test_a_copy_is_found_in_any_order_of_rows_and_under_a_large_number():
    frame = copied(msq(), "P03", "P20").sample(frac=1, random_state=4).reset_index(drop=True)
    data = tables(number=2**31 - 1, msq=frame)
    first = min(frame.index[frame["unit_id"] == "P03"]), min(frame.index[frame["unit_id"] == "P20"])
    assert found("copies", data) == [("copied_unit", "msq", f"2147483647:{max(first) + 1}", "unit_id")]


def test_a_copy_with_one_other_answer_or_one_visit_less_is_none():
    frame = copied(msq(), "P03", "P20")
    at = frame.index[frame["unit_id"] == "P20"][-1]
    less = frame.drop(index=at).reset_index(drop=True)
    assert found("copies", tables(msq=less)) == []
    frame.loc[at, "msq_14"] = 7 - frame.loc[at, "msq_14"]
    assert found("copies", tables(msq=frame)) == []


def test_missing_answers_are_copied_as_well():
    frame = msq().astype({f"msq_{n}": "Int64" for n in range(1, 15)})
    frame.loc[frame["unit_id"] == "P03", "msq_5"] = pandas.NA
    assert found("copies", tables(msq=copied(frame, "P03", "P20"))) == [("copied_unit", "msq", "3:61", "unit_id")]


def test_cells_that_tell_little_make_no_copy():
    days = pandas.DataFrame([(f"P{u}", d) for u in range(9) for d in range(1, 29)], columns=["unit_id", "study_day"])
    days = days.assign(headache=0, migraine=0, pain_max=0, acute_medication=0, acute_class=None)
    days.loc[[3, 60], ["headache", "pain_max"]] = [1, 4]
    assert found("copies", tables(diary=days)) == []
    same = answers("msq", *[6] * 20, 1, 2, 3)  # two with everything at its best are no copies of each other
    assert found("copies", tables(msq=same)) == []


def test_animals_copied_with_all_their_thresholds():
    generator = numpy.random.default_rng(2)
    rows = [(f"R{u}", f"hour_{h}", s) for u in range(8) for h in range(6) for s in ("periorbital", "hind_paw")]
    frame = pandas.DataFrame(rows, columns=["unit_id", "visit", "site"])
    frame["threshold_g"] = generator.uniform(0.4, 15, len(frame)).round(2)
    assert found("copies", tables(von_frey=frame)) == []
    chosen = frame["unit_id"] == "R6"
    frame.loc[chosen, "threshold_g"] = frame.loc[frame["unit_id"] == "R2", "threshold_g"].to_numpy()
    assert found("copies", tables(von_frey=frame)) == [("copied_unit", "von_frey", "3:73", "unit_id")]


def test_replicates_with_names_of_their_own_are_matched_by_their_order():
    generator = numpy.random.default_rng(3)
    names = [c.name for c in table_of("protein_levels").columns if c.kind == "number"]
    rows = [(f"M{u}", f"M{u}_{n}") for u in range(6) for n in range(3)]
    frame = pandas.DataFrame(rows, columns=["unit_id", "replicate_id"])
    frame = frame.assign(genotype="Control", treatment="Saline", behavior="C/S", **{"class": "c-CS-s"})
    frame[names] = generator.normal(1, 0.1, (len(frame), len(names)))
    assert found("copies", tables(protein_levels=frame)) == []
    frame.loc[frame["unit_id"] == "M4", names] = frame.loc[frame["unit_id"] == "M1", names].to_numpy()
    assert found("copies", tables(protein_levels=frame)) == [("copied_unit", "protein_levels", "3:13", "unit_id")]


def test_a_form_filed_at_two_visits():
    frame = msq()
    frame.loc[5, frame.columns[2:]] = frame.loc[3, frame.columns[2:]]
    frame.loc[9, frame.columns[2:]] = 4  # a straight line is no copy
    frame.loc[10, frame.columns[2:]] = 4
    data = tables(msq=frame)
    assert found("copies", data) == [("copied_row", "msq", "3:6", "msq_1")]
    assert found("copies", data, items=15) == []
    blank = frame.astype({f"msq_{n}": "Int64" for n in range(1, 15)})
    blank.loc[[3, 5], [f"msq_{n}" for n in range(1, 6)]] = pandas.NA
    assert found("copies", tables(msq=blank)) == []  # nine answers are too few


def test_participants_at_random_have_no_copies():
    for seed in range(20):
        assert found("copies", tables(msq=msq(units=100, visits=("baseline",), seed=seed))) == []


# copied_plates


def plates(*names, digits=3, seed=1, low=0.05, high=2.5):
    generator = numpy.random.default_rng(seed)
    wells = [f"{row}{n}" for row in "ABCDEFGH" for n in range(1, 13)]
    frame = pandas.DataFrame(
        [(f"{p}/{w}", nm) for p in names for nm in ("450", "620") for w in wells], columns=["unit_id", "wavelength"]
    )
    frame["signal"] = generator.uniform(low, high, len(frame)).round(digits)
    return frame


def copy_of(frame, wells):
    """Plate b takes over plate a's readings at 450 nm in as many wells."""
    frame = frame.copy()
    frame.loc[192 : 192 + wells - 1, "signal"] = frame.loc[: wells - 1, "signal"].to_numpy()
    return frame


def test_a_plate_read_once_and_named_twice():
    assert found("copied_plates", tables(plate_signals=plates("a", "b", "c"))) == []
    assert found("copied_plates", tables(plate_signals=copy_of(plates("a", "b", "c"), 96))) == [
        ("copied_plate", "plate_signals", "3:193", "signal")
    ]
    assert len(found("copied_plates", tables(plate_signals=copy_of(plates("a", "b", digits=6), 24)))) == 1
    assert found("copied_plates", tables(plate_signals=copy_of(plates("a", "b", digits=6), 23))) == []


def test_blank_plates_and_saturated_ones_are_no_copies():
    for seed in range(10):
        blank = plates("a", "b", "c", "d", low=0.04, high=0.06, seed=seed)
        assert found("copied_plates", tables(plate_signals=blank)) == []
    assert found("copied_plates", tables(plate_signals=plates("a", "b").assign(signal=4.0))) == []


@pytest.mark.parametrize("count", [2, 24])  # 24: more different readings than 16 bits number
def test_plates_share_more_readings_than_a_byte_counts(count):
    reads = [plates(*(f"p{n}" for n in range(count)), digits=9, seed=seed) for seed in range(8)]
    frame = pandas.concat([read.assign(wavelength=read["wavelength"] + f".{n}") for n, read in enumerate(reads)])
    plate = frame["unit_id"].str.partition("/")[0]
    frame.loc[plate == "p1", "signal"] = frame.loc[plate == "p0", "signal"].to_numpy()
    told = found("copied_plates", tables(plate_signals=frame), wells=1536)
    assert [hit[:2] for hit in told] == [("copied_plate", "plate_signals")]
    assert found("copied_plates", tables(plate_signals=frame), wells=1537) == []


def one_layout(scatter, plates_read=2, digits=3, seed=1):
    """Plates of one layout as they are read: eight standards and 32 samples in duplicate, 16 blanks, at 450 nm."""
    generator = numpy.random.default_rng(seed)
    standards, samples = 2.0 ** -numpy.arange(8), generator.lognormal(-2, 1, 32).clip(max=1)
    content = 0.05 + 2.5 * numpy.concatenate([numpy.repeat(standards, 2), numpy.repeat(samples, 2), numpy.zeros(16)])
    wells = [f"{row}{n}" for row in "ABCDEFGH" for n in range(1, 13)]
    frame = pandas.DataFrame(
        [(f"{chr(97 + p)}/{w}", "450") for p in range(plates_read) for w in wells], columns=["unit_id", "wavelength"]
    )
    read = numpy.tile(content, plates_read)
    noise = 1 + scatter * generator.normal(size=len(read)), 0.002 * generator.normal(size=len(read))
    frame["signal"] = (read * noise[0] + noise[1]).round(digits)
    return frame


@pytest.mark.parametrize("digits", [3, 4, 15])
@pytest.mark.parametrize(("factor", "offset"), [(1, 0.02), (1.013, 0.02), (0.6, -0.04), (1.4, 0), (1000, 250), (-1, 4)])
def test_a_plate_made_of_another_by_a_factor_and_an_offset_is_a_copy(factor, offset, digits):
    frame = one_layout(0.03)
    copied = (factor * frame.loc[:95, "signal"] + offset).to_numpy(copy=True)
    copied[[3, 20, 40, 60, 80]] *= 1.3  # some wells were entered anew
    frame.loc[96:, "signal"] = copied.round(digits)
    assert found("copied_plates", tables(plate_signals=frame)) == [("copied_plate", "plate_signals", "3:97", "signal")]


def test_the_reference_wavelength_hides_no_copy():
    frame = plates("a", "b")
    frame.loc[192:287, "signal"] = (0.9 * frame.loc[:95, "signal"] + 0.1).round(3).to_numpy()
    assert len(found("copied_plates", tables(plate_signals=frame))) == 1


@pytest.mark.parametrize(
    ("line", "off", "unread", "hits"),
    [((1.013, 0.02), 0, 0, 1), ((0.9, 0), 9, 0, 1), ((1, 0.3), 12, 0, 1), ((1.1, 0), 60, 0, 0), ((0.7, 0.1), 4, 40, 1)],
)
def test_a_copy_is_found_among_many_plates_of_one_layout(line, off, unread, hits):
    frame = one_layout(0.03, plates_read=70, digits=4)
    plate = frame.index // 96
    copied = line[0] * frame.loc[plate == 3, "signal"].to_numpy() + line[1]
    copied[:off] *= 1.3
    copied[96 - unread :] = numpy.nan
    frame.loc[plate == 68, "signal"] = copied.round(4)
    rows = [hit[2] for hit in found("copied_plates", tables(plate_signals=frame))]
    assert rows == [key_text(key_of(3, 68 * 96 + 1))] * hits


def test_of_plates_that_only_have_one_layout_few_pairs_are_looked_at_well_by_well():
    readings = one_layout(0.03, plates_read=70, digits=4)["signal"].to_numpy(copy=True).reshape(70, 96)
    last = copied_plates._last_digits(readings)
    assert sum(len(plate) for plate, _ in copied_plates._candidates(readings, last)) < 70 * 69 / 2 / 10
    readings[5] = (0.9 * readings[2] + 0.1).round(4)
    assert (5, 2) in {pair for pairs in copied_plates._candidates(readings, last) for pair in zip(*pairs, strict=True)}


@pytest.mark.parametrize("scatter", [0.005, 0.01, 0.03])
def test_plates_of_one_layout_are_no_copies(scatter):
    for seed in range(20):
        frame = one_layout(scatter, plates_read=4, digits=3 + seed % 2, seed=seed)
        assert found("copied_plates", tables(plate_signals=frame)) == []


def test_nominal_concentrations_are_the_same_on_every_plate():
    rows = []
    for plate in ("x/1", "x/2"):
        for at in range(48):
            rows.append((f"{plate}/{'ABCDEFGH'[at // 12]}{at % 12 + 1}", 1000 / 2 ** (at // 6), 2.0))
    frame = pandas.DataFrame(rows, columns=["unit_id", "concentration", "dilution"])
    frame = frame.assign(plate="1", role="standard", sample="S", nominal=float("nan"))
    assert found("copied_plates", tables(plate_layout=frame)) == []


def test_units_that_are_no_wells_have_no_plates():
    frame = plates("a", "b")
    frame["unit_id"] = frame["unit_id"].str.replace("/", "-")
    assert found("copied_plates", tables(plate_signals=copy_of(frame, 96))) == []


# magnitudes


def animals(weights):
    frame = pandas.DataFrame({"unit_id": [f"R{at:03d}" for at in range(len(weights))], "weight_g": weights})
    return frame.assign(cage_id="C", batch="1", sex="F", strain="SD", model="control", treatment="sham")


@pytest.mark.parametrize("factor", [10, 100, 1000, 0.1, 0.01, 0.001])
def test_a_slipped_decimal_point(factor):
    weights = numpy.random.default_rng(5).normal(240, 12, 60).round(1)
    assert found("magnitudes", tables(animals=animals(weights))) == []
    weights[17] *= factor
    assert found("magnitudes", tables(animals=animals(weights))) == [("magnitude", "animals", "3:18", "weight_g")]
    blank = animals(weights)
    blank.loc[:9, "weight_g"] = numpy.nan
    assert found("magnitudes", tables(animals=blank)) == [("magnitude", "animals", "3:18", "weight_g")]


def test_other_factors_only_on_request():
    weights = numpy.random.default_rng(5).normal(240, 6, 60).round(1)
    weights[[3, 4]] = [109, 900]  # a factor of 2.2 (pounds) and one of 3.7
    assert found("magnitudes", tables(animals=animals(weights))) == []
    pounds = {"factors": [2.2046], "gap": 1.5}
    assert found("magnitudes", tables(animals=animals(weights)), **pounds) == [
        ("magnitude", "animals", "3:4", "weight_g")
    ]


def test_several_cells_in_another_unit_are_all_found():
    weights = numpy.random.default_rng(5).normal(240, 12, 60).round(1)
    weights[[1, 2, 3]] /= 1000
    rows = [row for _, _, row, _ in found("magnitudes", tables(animals=animals(weights)))]
    assert sorted(rows) == ["3:2", "3:3", "3:4"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", ["lognormal", "gamma", "uniform", "exponential"])
def test_skewed_columns_give_nothing(seed, shape):
    generator = numpy.random.default_rng(seed)
    drawn = {
        "lognormal": generator.lognormal(3, 1, 500),
        "gamma": generator.gamma(2, 20, 500),
        "uniform": generator.uniform(0, 5, 500),
        "exponential": generator.exponential(5, 500),
    }[shape]
    assert found("magnitudes", tables(animals=animals(drawn.round(2)))) == []


def test_few_or_equal_values_say_nothing_of_their_like():
    assert found("magnitudes", tables(animals=animals([240.0, 245.0, 251.0, 2400.0]))) == []
    assert found("magnitudes", tables(animals=animals([1.0] * 50 + [10.0]))) == []


def test_each_quantity_of_a_table_has_its_own_like():
    generator = numpy.random.default_rng(6)
    rows = [(f"R{u}", m, s) for u in range(30) for m in ("cfos_tnc", "cgrp_tg") for s in (1, 2, 3, 4)]
    frame = pandas.DataFrame(rows, columns=["unit_id", "marker", "section"])
    frame["count"] = generator.poisson(frame["marker"].map({"cfos_tnc": 40, "cgrp_tg": 400}))
    frame["count"] = frame["count"].clip(lower=25)
    assert found("magnitudes", tables(cell_counts=frame)) == []
    frame.loc[0, "count"] = 400  # ordinary for the other marker
    assert found("magnitudes", tables(cell_counts=frame)) == [("magnitude", "cell_counts", "3:1", "count")]


def test_codes_and_bounded_answers_are_no_quantities():
    frame = answers("hit6", *[1] * 40, *[5] * 40)
    assert found("magnitudes", tables(hit6=frame), factors=[5], gap=1) == []


# moved_standards


def standards(names, gains, moved=None, shape=lambda x: 0.06 + 2.8 * x / (x + 300), noise=0.03, seed=2):
    """Layout and signals of plates: a blank and seven levels in pairs; ``moved``: plate -> levels too high."""
    levels = numpy.array([0, *(15.6 * 2**n for n in range(7))])
    generator, rows, read = numpy.random.default_rng(seed), [], []
    for name, gain in zip(names, gains, strict=True):
        for n, level in enumerate(levels):
            by = n - (moved or {}).get(name, 0)
            held = levels[by] if 0 <= by < len(levels) else 0 if by < 0 else levels[-1] * 2
            for column in (1, 2):
                well = f"{name}/{'ABCDEFGH'[n]}{column}"
                rows.append({"unit_id": well, "plate": name, "well": well.split("/")[1], "role": "standard"})
                rows[-1] |= {"sample": f"S{n}", "concentration": level}
                signal = gain * shape(held) * (1 + noise * generator.standard_normal())
                read.append({"unit_id": well, "wavelength": "450", "signal": signal})
    frames = {"plate_layout": pandas.DataFrame(rows), "plate_signals": pandas.DataFrame(read)}
    return tables(**frames)


@pytest.mark.parametrize("by", [1, -1, 2])
@pytest.mark.parametrize("shape", [lambda x: 0.06 + 2.8 * x / (x + 300), lambda x: 1e6 * (0.001 + x / (x + 800))])
def test_standards_that_lie_a_level_beside_their_layout(by, shape):
    # the first standard that has a level; blanks stand before it
    data = standards("abcd", [1, 0.95, 1.1, 1], {"c": by}, shape)
    assert found("moved_standards", data) == [("standards_moved", "plate_layout", "3:35", "concentration")]
    data = standards("ab", [1, 1], {"b": by}, shape)
    assert found("moved_standards", data) == [("standards_moved", "plate_layout", "3:19", "concentration")]


@pytest.mark.parametrize("gain", [0.3, 0.6, 1.5, 4])
@pytest.mark.parametrize("by", [1, -1, 2, -2])
def test_standards_that_lie_a_level_beside_their_layout_at_another_gain(by, gain):
    data = standards("abcd", [1, 0.95, gain, 1.1], {"c": by})
    assert found("moved_standards", data) == [("standards_moved", "plate_layout", "3:35", "concentration")]
    data = standards("ab", [1, gain], {"b": by})
    assert found("moved_standards", data) == [("standards_moved", "plate_layout", "3:19", "concentration")]


@pytest.mark.parametrize("seed", range(4))
def test_plates_that_all_differ_in_shape_have_no_moved_standards(seed):
    generator = numpy.random.default_rng(seed)
    frames = []
    for name, middle in zip("abcdef", 300 * numpy.exp(generator.normal(0, 0.15, 6)), strict=True):
        data = standards(name, [1], shape=lambda x, middle=middle: 0.06 + 2.8 * x / (x + middle), seed=seed)
        frames.append(data.frames)
    joined = {table: pandas.concat([frame[table] for frame in frames]) for table in frames[0]}
    assert found("moved_standards", tables(**{t: f.reset_index(drop=True) for t, f in joined.items()})) == []


@pytest.mark.parametrize("gains", [[1, 0.7, 1.4, 1.1], [1, 2.5, 0.5, 1.2]])
@pytest.mark.parametrize("seed", range(5))
def test_plates_of_other_lots_and_gains_have_no_moved_standards(gains, seed):
    assert found("moved_standards", standards("abcd", gains, noise=0.06, seed=seed)) == []


@pytest.mark.parametrize("plates", [3, 4, 9, 10])
def test_medians_of_the_other_plates_are_those_without_each(plates):
    values = numpy.random.default_rng(plates).normal(size=(plates, 6))
    values[1, 2] = values[0, 2]
    without = [numpy.median(numpy.delete(values, row, axis=0), axis=0) for row in range(plates)]
    numpy.testing.assert_array_equal(moved_standards._medians_without_each(values), without)
