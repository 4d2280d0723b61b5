"""A new study from its files alone: what is recognised, that the plan runs at once, and that no code changes."""

import csv
import io
import os
import random
from pathlib import Path

import plate_exports
import pytest
from omtrace.faults import Fault
from omtrace.intake.config_text import without_study
from omtrace.intake.drafting.command import new_study
from omtrace.intake.drafting.document import shown
from omtrace.intake.drafting.draft import Request
from omtrace.intake.drafting.profile import column_of, kind_of, own_name
from omtrace.intake.drafting.questionnaires import answers_unknown, questionnaires_in
from omtrace.intake.plan_check import check_plan
from omtrace.intake.removal import remove_study
from omtrace.model.document import read_document
from omtrace.model.folders import read_registered
from omtrace.model.plan import read_plan
from omtrace.provenance import ledger
from omtrace.provenance.stage_inputs import inputs_of
from omtrace.readers import Variable
from omtrace.simulate import batches
from omtrace.store import read_csv
from openpyxl import Workbook, load_workbook
from pipeline import MIRROR, REPOSITORY, done, omtrace, snakemake
from yaml import safe_load


def folder_of(folder: Path) -> Path:
    (folder / "config/studies").mkdir(parents=True)
    (folder / "data/raw").mkdir(parents=True)
    return folder


def saved(folder: Path, name: str, rows: list[list]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    (folder / name).write_text(text.getvalue(), encoding="utf-8")
    return str(folder / name)


def drafted(folder: Path, *files: str, **request):
    """The plan of a study that is made of files, and what was found."""
    new = new_study("made", files, Request(**request), folder)
    path = folder / "config/studies/made.yaml"
    return check_plan(read_plan(path), path), new.draft.found


def visits(n: int = 40) -> list[list]:
    """Two arms, three visits below each other, HIT-6 items and a pain score."""
    chance = random.Random(7)
    rows = [["Subject", "Visit", "Treatment", "Sex", *(f"HIT6_{i}" for i in range(1, 7)), "pain"]]
    for number in range(n):
        arm, sex = ("OMT", "sham")[number % 2], chance.choice("FM")
        for visit in ("Baseline", "Month 1", "Month 3"):
            answers = [chance.randint(1, 5) for _ in range(6)]
            rows.append([f"P{number:02}", visit, arm, sex, *answers, chance.randint(0, 10)])
    return rows


def test_visits_arms_and_questionnaires_are_recognised(tmp_path):
    plan, found = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "trial export.csv", visits()))
    assert found[:3] == ["unit: Subject", "arm: Treatment (sham, OMT)", found[2]]
    dataset = plan.datasets["units"]
    assert dataset.visits == {"baseline": "Baseline", "month_1": "Month 1", "month_3": "Month 3"}
    assert dataset.baseline == "baseline" and list(dataset.groups) == ["sham", "OMT"]
    assert plan.tables["hit6"].raw("hit6_3") == "HIT6_3" and dataset.parameters["hit6_total"].derive == "score"
    assert dataset.parameters["sex"].derive == "same" and not dataset.parameters["sex"].visits
    primary = plan.analyses["primary"]
    assert (primary.method, primary.visits, primary.role) == ("ancova", ("month_3",), "primary")
    assert primary.options == {"contrasts": [["OMT", "sham"]]}
    text = (tmp_path / "study/config/studies/made.yaml").read_text(encoding="utf-8")
    assert text.count("SAY:") > 8 and max(map(len, text.splitlines())) < 170


def test_spellings_that_differ_in_case_and_blanks_are_one_level(tmp_path):
    rows = visits()
    rows[5][1], rows[5][2], rows[9][2], rows[12][3] = "month 1", "Sham ", "o MT", rows[12][3].lower()
    rows = [[cell if cell != "OMT" else "O MT" for cell in row] for row in rows]
    file = saved(tmp_path, "spelled.csv", rows)
    new = new_study("made", [file], Request(arm="Treatment", reference="Sham"), folder_of(tmp_path / "study"))
    outcome = new.outcome
    plan = read_plan(tmp_path / "study/config/studies/made.yaml")
    assert list(plan.datasets["units"].groups) == ["sham", "O MT"] and plan.analyses["primary"].method == "ancova"
    codes = {"O MT": "O MT", "sham": "sham", "Sham": "sham", "o MT": "O MT"}
    assert plan.tables["export"].declared["treatment"].codes == codes
    assert list(plan.datasets["units"].visits) == ["baseline", "month_1", "month_3"]
    assert not {f.severity for f in outcome.findings} & {"stop", "quarantine"}
    assert "Treatment: 'Sham', 'o MT' taken for 'sham', 'O MT'" in new.draft.doubts


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"arm": "Treatmnt"}, "there is no such column; did you mean 'Treatment'"),
        ({"arm": "Subject"}, "40 distinct texts"),
        ({"arm": "Visit"}, "not the same in all rows of a Subject: P00 has Baseline, Month 1, Month 3"),
        ({"arm": "Treatment", "design": "crossover"}, "no treatments of one Subject"),
        ({"arm": "Treatment", "design": "single-arm"}, "a single-arm design has none"),
        ({"arm": "Treatment", "reference": "shm"}, "holds OMT, sham; did you mean 'sham'"),
    ],
)
def test_an_arm_that_is_asked_for_is_taken_or_refused(tmp_path, request_, says):
    with pytest.raises(Fault, match=says):
        drafted(folder_of(tmp_path / "study"), saved(tmp_path, "trial.csv", visits()), **request_)


def test_visits_side_by_side_become_rows(tmp_path):
    rows = [["id", "group", "age", "t0_pain", "t1_pain", "t0_sleep", "t1_sleep"]]
    rows += [[n, n % 2, 30 + n, n % 7, n % 5, 6 + n % 3, 7 + n % 2] for n in range(20)]
    plan, _ = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "wide.csv", rows))
    assert plan.tables["visits"].wide == {"t0": "t0_*", "t1": "t1_*"}
    assert plan.tables["export"].declared["group"].codes == {"0": "0", "1": "1"}  # numbers of groups are no numbers
    assert plan.datasets["units"].baseline == "t0" and plan.analyses["primary"].method == "ancova"


def test_rows_of_a_unit_without_visits_are_averaged_and_counted(tmp_path):
    rows = [
        ["id", "day", "pain", "migraine"],
        *([n, d, d % 4, ("no", "yes")[d % 2]] for n in range(9) for d in range(30)),
    ]
    plan, _ = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "diary.csv", rows))
    assert plan.tables["export"].key == ("unit_id", "day")
    derived = {name: parameter.derive for name, parameter in plan.datasets["units"].parameters.items()}
    assert derived == {"pain": "mean", "migraine": "count"}


def test_animals_in_cages_are_compared_by_cage(tmp_path):
    rows = [
        ["animal", "cage", "diet", "weight"],
        *([f"M{n}", n // 4, ("fat", "control")[n // 4 % 2], 20 + n % 5] for n in range(48)),
    ]
    plan, found = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "mice.csv", rows), design="animals")
    assert "cluster: cage" in found and plan.analyses["primary"].method == "mixed_model"
    assert plan.analyses["primary"].options["random"] == ["cage"]


def test_a_dictionary_of_redcap_gives_labels_choices_and_bounds(tmp_path):
    head = "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,field_note,"
    head += "text_validation_type_or_show_slider_number,text_validation_min,text_validation_max,identifier,"
    head += "branching_logic,required_field,custom_alignment,question_number"
    fields = [
        "record_id,intake,,text,Record,,,,,,,,,,",
        "weight,intake,,text,Body weight,,,number,30,200,,,,,",
        'smokes,intake,,radio,Smokes,"0, never | 1, daily",,,,,,,,,',
    ]
    (tmp_path / "dictionary.csv").write_text("\n".join([head, *fields]) + "\n", encoding="utf-8")
    rows = [["record_id", "weight", "smokes", "intake_complete"], *([n, 60 + n, n % 2, 2] for n in range(1, 12))]
    files = [saved(tmp_path, "data.csv", rows), str(tmp_path / "dictionary.csv")]
    plan, _ = drafted(folder_of(tmp_path / "study"), *files)
    table = plan.tables["intake"]
    assert (
        table.reader == "redcap" and table.options == {"dictionary": "dictionary"} and table.status == "intake_complete"
    )
    assert table.declared["weight"].bounds == (30, 200) and table.declared["weight"].description == "Body weight"
    assert table.declared["smokes"].codes == {"0": "never", "1": "daily"}


def test_the_configuration_keeps_its_form(tmp_path):
    rows = [["id", "x"], *([n, n % 9] for n in range(12))]
    for number, (before, after) in enumerate(
        [
            ('# first\nstudies:\n  - one\n\nmirror: ""\n', '# first\nstudies:\n  - one\n  - made\n\nmirror: ""\n'),
            ("studies: [one]\n", "studies: [one, made]\n"),
            ("studies: []\n", "studies: [made]\n"),
        ]
    ):
        folder = folder_of(tmp_path / f"{number}")
        (folder / "config/config.yaml").write_text(before, encoding="utf-8")
        new_study("made", [saved(tmp_path, f"{number}.csv", rows)], Request(), folder)
        assert (folder / "config/config.yaml").read_text(encoding="utf-8") == after


@pytest.mark.parametrize(
    ("name", "file", "says"),
    [
        ("Made", "x.csv", "must be lower case letters"),
        ("made", "none.csv", "there is no such file"),
        ("made", "page.html", "this is a web page"),
    ],
)
def test_what_cannot_be_taken_in_changes_nothing(tmp_path, name, file, says):
    folder = folder_of(tmp_path / "study")
    saved(tmp_path, "x.csv", [["id", "x"], [1, 2]])
    (tmp_path / "page.html").write_text("<!DOCTYPE html><p>x", encoding="utf-8")
    with pytest.raises(Fault, match=says):
        new_study(name, [str(tmp_path / file)], Request(), folder)
    assert not [*folder.rglob("*.yaml")] and not [*(folder / "data/raw").iterdir()]


def test_a_file_that_is_refused_leaves_nothing_and_can_be_taken_in_again(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "study")
    rows = [["id", "e_mail", "x"], *([n, f"p{n}@clinic.org", n % 9] for n in range(12))]
    file = saved(tmp_path, "x.csv", rows)
    before = [*folder.rglob("*")]
    with pytest.raises(Fault, match="column e_mail looks like .*\n.*--harmless"):
        new_study("made", [file], Request(), folder)
    harmless = Request(harmless={"e_mail": "addresses of the ward"})
    with monkeypatch.context() as patch:
        patch.setattr(
            "omtrace.intake.registration.ledger.append", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
        )
        with pytest.raises(OSError):
            new_study("made", [file], harmless, folder)
    assert [*folder.rglob("*")] == before
    new_study("made", [file], harmless, folder)
    plan = read_plan(folder / "config/studies/made.yaml")
    assert plan.tables["export"].identifiers == {"e_mail": "addresses of the ward"}
    assert (folder / "config/exports.csv").read_text(encoding="utf-8").count("made,") == 1


def test_a_study_is_taken_out_and_set_up_again(tmp_path):
    folder = folder_of(tmp_path / "study")
    file = saved(tmp_path, "x.csv", [["id", "x"], *([n, n % 9] for n in range(12))])
    other = saved(tmp_path, "y.csv", [["id", "x"], *([n, n % 7] for n in range(12))])
    new_study("stays", [other], Request(), folder)
    before = {path: path.read_bytes() for path in (folder / "config/config.yaml", folder / "config/exports.csv")}
    new_study("made", [file], Request(), folder)
    (folder / "results/made").mkdir(parents=True)
    said = "\n".join(remove_study("made", "wrong export", root=folder))
    assert "data/raw/made: kept (--raw deletes it)" in said and "results/made: kept (--results deletes it)" in said
    assert before == {path: path.read_bytes() for path in before}
    last = ledger.entries(folder)[-1]
    assert (last["action"], last["study"], last["details"]["reason"]) == ("remove-study", "made", "wrong export")
    assert [row["number"] for row in last["details"]["removed"]] == [2]
    assert (folder / "data/raw/made/x.csv").exists() and (folder / "config/studies/made.yaml.removed").exists()
    new_study("made", [file], Request(), folder)
    assert [export.number for export in read_registered(folder)] == [1, 3]  # no number is given again
    with pytest.raises(Fault, match="there from an earlier removal"):
        remove_study("made", root=folder)
    (folder / "config/studies/made.yaml.removed").unlink()
    remove_study("made", results=True, raw=True, root=folder)
    assert not (folder / "data/raw/made").exists() and not (folder / "results/made").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("studies:\n  - made\n  - one\n", "studies:\n  - one\n"),
        ("studies:\n  - made\n\nmirror: ''\n", "studies: []\n\nmirror: ''\n"),
        ("studies: [made]\nretrieved: [one]\n", "studies: []\nretrieved: [one]\n"),
        ("studies: [made, made_2]\n", "studies: [made_2]\n"),
        ("studies: [one, made]\n", "studies: [one]\n"),
        (
            "studies:\n  # first\n  - one\nretrieved:\n  - made  # far\n",
            "studies:\n  # first\n  - one\nretrieved: []\n",
        ),
    ],
)
def test_a_study_is_taken_out_of_the_configuration(before, after):
    assert without_study(before, "made") == after
    assert safe_load(after)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2", "-3"], "integer"),
        (["1.5", "2", "x"] + ["3"] * 50, "number"),
        (["1,5", "2,25"], "number"),
        (["1,234", "2,345"], "text"),  # two readings
        (["2024-05-01", "2024-05-02"], "date"),
        (["13/05/2024", "01/02/2024"], "date"),
        (["03/04/2024", "01/02/2024"], "text"),  # two readings
        (["a", "b"], "text"),
        ([], "text"),
    ],
)
def test_the_type_of_a_column_is_what_its_texts_settle(texts, kind):
    assert kind_of({text: texts.count(text) for text in texts})[0] == kind


def test_codes_of_missing_values_are_seen_where_all_others_are_far_from_them():
    numbers = {str(n): 5 for n in range(10)}
    assert column_of("x", "x", numbers | {"-99": 2, "NA": 1}, Variable()).missing.keys() == {"-99", "NA"}
    assert column_of("x", "x", numbers | {"-1": 3}, Variable()).missing == {}
    assert column_of("x", "x", {"-50": 1, "-99": 2}, Variable()).missing == {}
    assert column_of("x", "x", {"none": 9, "aspirin": 9}, Variable()).kind == "category"
    labelled = column_of("x", "x", {"1": 4, "2": 5}, Variable("Sex", {"1": "male", "2": "female"}))
    assert labelled.kind == "category" and labelled.codes["2"] == "female"


def test_a_questionnaire_needs_all_its_items_and_known_answers():
    items = {f"Q_MIDAS{n}": {"0": 1, "4": 1} for n in range(1, 6)}
    assert questionnaires_in(items) == []  # nothing says that it is one
    hit = {f"hit_{n}": {"never": 1, "always": 1} for n in range(1, 7)}
    (match,) = questionnaires_in(hit)
    assert match.name == "hit6" and match.coding == "labels" and match.columns["hit6_2"] == "hit_2"
    assert questionnaires_in({name: texts for name, texts in hit.items() if name != "hit_4"}) == []
    assert questionnaires_in({name: {"17": 1, "23": 1} for name in hit}) == []


def test_a_wrong_answer_hides_no_questionnaire_and_its_missing_codes_are_kept(tmp_path):
    weights = {"6": 5, "10": 4, "11": 3, "13": 2}
    hit = {f"hit_{n}": weights for n in range(1, 7)}
    (match,) = questionnaires_in({**hit, "hit_4": {**weights, "12": 1}})
    assert match.coding == "weights"
    assert questionnaires_in({**hit, "hit_4": {"12": 14}}) == []  # 84 % of the answers fit
    rows = visits()
    rows[5][5], rows[9][6], rows[12][7] = "-99", "n/a", 9
    new = new_study("made", [saved(tmp_path, "answers.csv", rows)], Request(), folder_of(tmp_path / "study"))
    outcome = new.outcome
    plan = read_plan(tmp_path / "study/config/studies/made.yaml")
    assert plan.missing_codes == {"-99": "not answered", "n/a": "not available"}
    assert [(f.line, f.column) for f in outcome.findings if f.rule == "range"] == [(13, "HIT6_4")]


@pytest.mark.parametrize(
    "value", ["no", "12:30", "a: b", "<5", "010", "hit6_<1-6>", "", "@x", "plain words", "1e5", "x #y"]
)
def test_every_text_is_written_so_that_it_is_read_back(tmp_path, value):
    text = shown({"key": [value], value or "empty": {"a": None, "b": 1.5, "c": True}})
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    assert read_document(tmp_path / "x.yaml") == safe_load(text)
    assert read_document(tmp_path / "x.yaml")["key"] == [value]


def test_names_of_columns_are_names_of_a_plan():
    taken: dict[str, None] = {}
    for raw in ("FEV1 (%)", "fev1", "2nd visit", "Größe", "USUBJID", "a.b-c", "q1", "Q1"):
        name = own_name(raw, taken)
        assert name not in taken and name[0].isalpha() and name.isidentifier()
        taken[name] = None


def test_a_study_runs_at_once_and_changes_no_code(fresh, tmp_path):
    folder = fresh(tmp_path / "checkout")
    code = inputs_of(read_plan(folder / "config/studies/tiny.yaml"), "validate", [], "config/studies/tiny.yaml").code
    ran = omtrace(folder, "new-study", "clinic", saved(tmp_path, "export.csv", visits()))
    assert ran.code == 0, ran.text
    assert "questionnaire: HIT-6" in ran.out and "a run would go on" in ran.out
    done(snakemake(folder, "clinic"))
    rows = read_csv(folder / "results/clinic/estimates.csv")
    assert {"primary", "outcomes", "at_baseline"} <= {row["analysis"] for row in rows}
    assert [row for row in rows if row["analysis"] == "primary" and row["statistic"] == "p"]
    after = inputs_of(read_plan(folder / "config/studies/tiny.yaml"), "validate", [], "config/studies/tiny.yaml").code
    assert code == after


@pytest.mark.skipif(not MIRROR, reason="needs OMTRACE_MIRROR")
@pytest.mark.parametrize(
    ("file", "request_", "method"),
    [
        ("acupuncture_headache/1745-6215-7-15-S1.xls", {"wide": ("1", "2", "5"), "outcome": "pk"}, "ancova"),
        ("ovariectomy_behaviour/OF.csv", {}, "compare_groups"),
        ("mmrm_fev/fev_data.csv", {}, "compare_groups"),
        ("rat_pup_weight/rat_pup_weight.csv", {"outcome": "weight"}, "mixed_model"),
    ],
)
def test_public_data_sets_get_a_plan_with_a_comparison(tmp_path, file, request_, method):
    plan, _ = drafted(folder_of(tmp_path), os.path.join(MIRROR, file), **request_)
    assert plan.analyses["primary"].method == method


def test_a_cluster_that_no_name_tells_is_found_where_chance_does_not_make_it(tmp_path):
    rows = [["patient", "surgery_no", "allocation", "pain_pre", "pain_post"]]
    for number in range(80):
        surgery = number // 5
        rows.append([f"P{number}", chr(65 + surgery), ("usual", "OMT")[surgery % 2], 50 + number % 7, 40 + number % 9])
    plan, found = drafted(folder_of(tmp_path), saved(tmp_path, "trial.csv", rows))
    assert "cluster: surgery_no" in found
    primary = plan.analyses["primary"]
    assert primary.method == "mixed_model"
    assert primary.options["random"] == ["surgery_no"] and primary.options["terms"] == ["allocation", "baseline"]


def test_a_column_in_which_units_of_both_arms_meet_is_no_cluster(tmp_path):
    rows = [["patient", "surgery_no", "allocation", "pain_pre", "pain_post"]]
    rows += [[f"P{n}", chr(65 + n // 5), ("usual", "OMT")[n % 2], 50 + n % 7, 40 + n % 9] for n in range(80)]
    plan, found = drafted(folder_of(tmp_path), saved(tmp_path, "trial.csv", rows))
    assert not [line for line in found if line.startswith("cluster")]
    assert plan.analyses["primary"].method == "ancova"


def test_an_export_in_german_keeps_its_numbers_and_what_was_known_before(tmp_path):
    rows = [["Patient", "Gruppe", "Größe (cm)", "Ausgangswert Puls", "Tage_T0", "Tage_T1"]]
    rows += [
        [
            f"{n:03}",
            ("Schein", "Verum")[n % 2],
            f"{160 + n % 30},5",
            60 + n % 17,
            10 + n % 9,
            "k.A." if n == 7 else n % 12,
        ]
        for n in range(40)
    ]
    text = "\n".join(";".join(map(str, row)) for row in rows)
    (tmp_path / "export.csv").write_bytes(text.encode("cp1252"))
    plan, _ = drafted(folder_of(tmp_path), str(tmp_path / "export.csv"))
    assert plan.missing_codes == {"k.A.": "not stated"}
    assert plan.tables["export"].columns["groesse_cm"].type == "number"
    assert plan.tables["visits"].columns["tage"].type == "integer"
    assert plan.analyses["at_baseline"].parameters == ("groesse_cm", "ausgangswert_puls")
    assert plan.analyses["primary"].parameters == ("tage",)


@pytest.mark.parametrize(
    ("time", "event", "texts"),
    [
        ("days_to_relapse", "relapsed", ("no", "yes")),
        ("futime", "status", ("0", "1")),
        ("OS_months", "Died", ("No", "Yes")),
    ],
)
def test_a_time_and_its_event_are_analysed_as_such(tmp_path, time, event, texts):
    rows = [["participant", "arm", event, time, "age"]]
    rows += [[f"P{n}", ("usual care", "OMT")[n % 2], texts[n % 3 > 0], 5 + n % 37, 30 + n % 20] for n in range(60)]
    plan, _ = drafted(folder_of(tmp_path), saved(tmp_path, "trial.csv", rows))
    (name,) = [name for name, entry in plan.analyses.items() if entry.method == "time_to_event"]
    entry = plan.analyses[name]
    event_name = next(p for p in plan.datasets["units"].parameters if p in event.lower())
    assert (entry.role, entry.options["event"], entry.options["times"]) == ("primary", event_name, [10, 20, 31])
    assert entry.options["contrasts"] == [["OMT", "usual care"]]
    assert plan.figures["curves"].figure == "survival"
    assert not [entry for entry in plan.analyses.values() if entry.method in ("compare_groups", "ancova")]


def test_a_word_among_numbers_is_asked_about_and_a_limit_is_none():
    numbers = {str(n): 2 for n in range(20)}
    asked = column_of("x", "x", numbers | {"moved": 3}, Variable())
    assert asked.kind == "integer" and asked.missing == {"moved": "not a number"} and "moved" in asked.remark
    assert column_of("x", "x", numbers | {">40": 3, "<1": 2}, Variable()).kind == "text"
    assert column_of("x", "x", {"A": 9, "B": 8, "1": 4, "2": 5}, Variable()).kind == "category"


PLATE = "Plate: M1\n450 nm\n,1,2,3,4,5,6,7,8,9,10,11,12\n"
PLATE += "".join(f"{row}{''.join(f',{0.1 + 0.2 * n:.3f}' for n in range(12))}\n" for row in "ABCDEFGH")


def test_a_plate_with_its_layout_becomes_an_assay(tmp_path):
    (tmp_path / "plate.csv").write_text(PLATE, encoding="utf-8")
    rows = [["plate", "well", "role", "sample", "concentration", "dilution"]]
    rows += [["M1", f"{row}{n}", "standard", f"S{n}", 2**n, ""] for row in "AB" for n in range(1, 9)]
    rows += [["M1", f"C{n}", "sample", f"R{n}", "", 1] for n in range(1, 12)]
    files = [str(tmp_path / "plate.csv"), saved(tmp_path, "layout.csv", rows)]
    plan, found = drafted(folder_of(tmp_path / "study"), *files)
    assert found == ["plates: M1, by the reader plate_grid"]
    assert {*plan.tables} == {"plate_signals", "plate_layout"} and plan.plates is not None
    assert plan.analyses["curves"].method == "standard_curve" and plan.analyses["curves"].population == "standards"


@pytest.mark.parametrize(
    ("heads", "words", "columns", "unit"),
    [
        (
            ["Plate ID", "Well Position", "Well type", "Sample name", "Std. conc. [ng/mL]", "Dilution factor"],
            ("STD", "Unknown", "QC 1"),
            {
                "plate": "Plate ID",
                "role": "Well type",
                "sample": "Sample name",
                "concentration": "Std. conc. [ng/mL]",
                "dilution": "Dilution factor",
            },
            "ng/mL",
        ),
        (
            ["plate", "well_id", "kind", "content", "concentration_pmol_l", "dil"],
            ("Calibrator", "SMP-1", "Ctrl"),
            {"role": "kind", "sample": "content", "concentration": "concentration_pmol_l", "dilution": "dil"},
            "pmol/L",
        ),
    ],
)
def test_the_heads_and_words_of_a_laboratory_are_understood(tmp_path, heads, words, columns, unit):
    (tmp_path / "plate.csv").write_text(PLATE, encoding="utf-8")
    standard, sample, control = words
    rows = [heads, *(["M1", f"{row}{n}", standard, f"S{n}", 2**n, ""] for row in "AB" for n in range(1, 9))]
    rows += [*(["M1", f"C{n}", sample, f"R{n}", "", 1] for n in range(1, 11)), ["M1", "C11", control, "Q", "", 1]]
    plan, _ = drafted(folder_of(tmp_path / "study"), str(tmp_path / "plate.csv"), saved(tmp_path, "layout.csv", rows))
    layout = plan.tables["plate_layout"]
    assert layout.columns == columns and layout.unit == (heads[0], heads[1])
    assert layout.recode == {"role": {standard: "standard", sample: "sample", control: "control"}}
    assert plan.datasets["samples"].parameters["concentration"].unit == unit


def test_the_example_of_a_batch_is_what_the_simulation_makes_and_becomes_an_assay(tmp_path):
    example = REPOSITORY / "docs/example_batch"
    batches.write(tmp_path, [1])
    for path in sorted(example.iterdir()):
        assert path.read_bytes() == next(tmp_path.rglob(path.name)).read_bytes()
    files = [str(example / name) for name in ("plate_1.txt", "layout_1.csv")]
    plan, found = drafted(folder_of(tmp_path / "study"), *files)
    assert found == ["plates: Batch 1, by the reader softmax", "wavelengths: 450, 620"]
    assert plan.tables["plate_layout"].columns == {"concentration": "concentration_pg_ml"}


def test_a_plate_without_a_layout_gets_one_to_be_filled_in(tmp_path):
    (tmp_path / "plate.csv").write_text(PLATE, encoding="utf-8")
    folder = folder_of(tmp_path / "study")
    with pytest.raises(Fault, match="fill in .*layout.csv or .*layout.xlsx"):
        new_study("made", [str(tmp_path / "plate.csv")], Request(), folder)
    assert not [*folder.rglob("*.yaml")]
    rows = read_csv(folder / "layout.csv")
    assert len(rows) == 96 and (rows[0]["plate"], rows[0]["well"], rows[-1]["well"]) == ("M1", "A1", "H12")
    book = load_workbook(folder / "layout.xlsx")
    sheet, heading = book.active, ""
    for row in sheet.iter_rows():
        if row[0].value in ("A", "B"):
            row[1].value = {"role": "standard", "sample": "S1", "concentration": "5", "dilution": None}[heading]
        elif row[0].value and row[1].value is None:
            heading = row[0].value
    book.save(tmp_path / "layout.xlsx")
    plan, _ = drafted(folder, str(tmp_path / "plate.csv"), str(tmp_path / "layout.xlsx"))
    assert plan.tables["plate_layout"].reader == "plate_grid" and plan.tables["plate_layout"].options == {
        "part": "layout"
    }


def test_a_crossover_of_two_periods_is_compared_within_units_and_adjusted_for_them(tmp_path):
    rows = [["subject", "period", "treatment", "pain", "relief"]]
    for n in range(14):
        rows += [
            [n, 1 + (n + k) % 2, t, (n + k) % 9 + k, int(n * k % 3 > 0)] for k, t in enumerate(("drug", "placebo"))
        ]
    plan, found = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "x.csv", rows), design="crossover")
    assert "crossover: placebo and drug in two periods" in found
    dataset, primary = plan.datasets["units"], plan.analyses["primary"]
    assert (dataset.group, dataset.baseline) == ("sequence", "") and list(dataset.groups) == ["placebo", "drug"]
    assert dataset.parameters["sequence"].options == {"of": "treatment", "visit": "period_1"}
    assert (primary.method, primary.parameters) == ("crossover", ("pain",))
    assert primary.options["contrast"] == ["drug", "placebo"]
    assert plan.analyses["yes_or_no"].options["outcome"] == "yes or no"


@pytest.mark.parametrize("codes", [("AB", "BA"), (2, 1)])
def test_a_column_of_sequences_is_the_group_of_a_crossover_and_treatments_are_no_outcome(tmp_path, codes):
    rows = [["id", "sequence", "period", "treatment", "pain", "responder"]]
    for n in range(20):
        given = ("AB", "BA")[n % 2]
        rows += [[n, codes[n % 2], k + 1, t, 30 + n + k / 2, int(n * k % 3 > 0)] for k, t in enumerate(given)]
    plan, _ = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "x.csv", rows))  # no --design
    dataset, (ab, ba) = plan.datasets["units"], map(str, codes)
    assert dataset.group == "sequence" and dataset.groups == {ab: "A first", ba: "B first"}
    assert plan.analyses["primary"].options == {"sequences": {ba: ["B", "A"], ab: ["A", "B"]}, "contrast": ["B", "A"]}
    assert plan.analyses["yes_or_no"].parameters == ("responder",)
    assert "treatment_a" not in dataset.parameters and "sequence_2" not in dataset.parameters
    assert "at the last" not in (tmp_path / "study/config/studies/made.yaml").read_text(encoding="utf-8")


def test_conditions_of_a_crossover_without_periods_are_compared_within_units(tmp_path):
    rows = [["subject", "treatment", "pain"]]
    rows += [[n, t, (n + k) % 9] for n in range(14) for k, t in enumerate(("drug", "placebo"))]
    plan, _ = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "x.csv", rows), design="crossover")
    assert plan.datasets["units"].baseline == "placebo" and plan.analyses["primary"].method == "paired_change"
    assert plan.analyses["primary"].parameters == ("pain",)


def test_two_factors_of_a_factorial_design(tmp_path):
    rows = [["mouse", "genotype", "treatment", "level"]]
    rows += [[f"M{n}", ("wt", "ko")[n % 2], ("saline", "drug")[n // 2 % 2], n % 11 + n / 10] for n in range(40)]
    plan, _ = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "x.csv", rows), design="factorial")
    primary = plan.analyses["primary"]
    assert primary.method == "factorial" and primary.options == {"factors": ["genotype", "treatment"]}


def test_visits_by_words_of_time_and_people_of_one_number(tmp_path):
    rows = [["id", "arm", "bdi.pre", "bdi.2m", "bdi.8m"], *([n, "ab"[n % 2], n % 9, n % 7, n % 5] for n in range(20))]
    plan, _ = drafted(folder_of(tmp_path / "a"), saved(tmp_path, "x.csv", rows))
    assert list(plan.tables["visits"].wide.values()) == ["*.pre", "*.2m", "*.8m"]
    rows = [["", "arm", "Prewt", "Postwt"], *([n, "ab"[n % 2], n % 9, n % 7] for n in range(20))]
    plan, _ = drafted(folder_of(tmp_path / "b"), saved(tmp_path, "y.csv", rows))
    assert plan.datasets["units"].baseline == "pre" and plan.analyses["primary"].method == "ancova"
    rows = [["center", "id", "visit", "sex", "pain"]]
    rows += [[c, n, v, "FM"[(c + n) % 2], v + n % 3] for c in (1, 2) for n in range(9) for v in (1, 2)]
    drafted(folder_of(tmp_path / "c"), saved(tmp_path, "z.csv", rows))
    text = (tmp_path / "c/config/studies/made.yaml").read_text(encoding="utf-8")
    assert "unit: [center, id]}   # SAY: whether id is given anew in each center" in text


# what real files were found to need


def test_rows_of_visits_side_by_side_belong_to_the_unit_of_their_row(tmp_path):
    header = ["drug", "treatment", "bdi.pre", "bdi.2m", "bdi.8m"]
    rows = [[("No", "Yes")[n % 3 == 0], ("TAU", "CBT")[n % 2], 20 + n % 7, 15 + n % 5, 10 + n % 4] for n in range(30)]
    folder = folder_of(tmp_path / "study")
    new = new_study("made", [saved(tmp_path, "trial.csv", [header, *rows])], Request(), folder)
    assert (folder / "config/exports.csv").read_text().startswith("number,study,export")  # a folder of one's own
    assert [f for f in new.outcome.findings if f.severity != "note"] == []
    assert new.draft.arm.groups == {"TAU": "TAU", "CBT": "CBT"}  # as usual is the reference


def test_an_outcome_in_two_categories_is_compared_as_shares(tmp_path):
    rows = [["subject", "month", "treatment", "status"]]
    rows += [
        [n, m, ("placebo", "drug")[n % 2], ("poor", "good")[(n + m) % 3 > 0]] for n in range(30) for m in (0, 1, 2)
    ]
    plan, _ = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "lungs.csv", rows))
    assert plan.datasets["units"].parameters["status_good"].options == {"calculate": 'status == "good"'}
    shares = plan.analyses["shares_1"]
    assert shares.method == "compare_proportions" and shares.role == "primary" and shares.visits == ("month_2",)


def test_a_data_set_of_adam_has_a_table_for_each_parameter(tmp_path):
    rows = [["USUBJID", "TRTP", "AGE", "AVISIT", "PARAM", "PARAMCD", "AVAL", "ANL01FL", "DTYPE"]]
    for n in range(20):
        for visit in ("Baseline", "Week 8"):
            for code in ("TOT", "SUB"):
                who = [f"01-701-{1000 + n}", ("Placebo", "Drug")[n % 2], 60 + n % 9]
                rows.append([*who, visit, code.title(), code, n % 7 + len(visit), "Y", ""])
                rows.append([*who, visit, code.title(), code, 0, "Y", "LOCF"])
    plan, found = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "adas.csv", rows))
    assert plan.tables["tot"].rows == {"PARAMCD": ("TOT",), "ANL01FL": ("Y",), "DTYPE": ("",)}
    assert plan.analyses["primary"].method == "ancova" and "unit: USUBJID" in found
    assert plan.datasets["units"].roster.table == "subjects" and plan.tables["subjects"].key == ()


def test_questionnaires_are_known_by_what_exports_call_their_items():
    answers = dict.fromkeys(("0", "1", "2", "3"), 1)
    columns = {f"phq{n}": answers for n in range(1, 10)} | {f"sf36_q{n}": {"1": 1, "2": 1} for n in range(1, 37)}
    columns |= dict.fromkeys(("Mobility", "Self_Care", "usual activities", "pain", "anxiety"), {"1": 1, "5": 1})
    assert {match.name for match in questionnaires_in(columns)} == {"phq9", "rand36", "eq5d5l"}


def test_the_layout_that_a_plate_export_holds_is_written_to_be_looked_through(tmp_path):
    plate = tmp_path / "plate.txt"
    plate.write_bytes(plate_exports.gen5(plate_exports.gen5_plate(1)))
    folder = folder_of(tmp_path / "study")
    with pytest.raises(Fault, match="the export has a layout: look through"):
        new_study("made", [str(plate)], Request(), folder)
    with open(folder / "layout.csv", encoding="utf-8") as file:
        roles = {row["role"] for row in csv.DictReader(file)}
    assert "standard" in roles


def first_plan(tmp_path, rows, **request):
    """The plan of a file with these rows, and what was asked."""
    new = new_study("made", [saved(tmp_path, "made.csv", rows)], Request(**request), folder_of(tmp_path / "study"))
    path = tmp_path / "study/config/studies/made.yaml"
    return check_plan(read_plan(path), path), new.draft


def test_numbers_given_anew_in_each_site_name_a_person_with_the_site(tmp_path):
    rows = [["site", "id", "week", "treat", "age", "score"]]
    for site in (1, 2, 3):
        for n in range(1, 9):
            arm = ("drug", "placebo")[(n + site) % 2]
            rows += [[site, n, week, arm, 30 + n + site, 40 + n - week] for week in (0, 4, 8)]
    plan, draft = first_plan(tmp_path, rows)
    assert plan.tables["export"].unit == ("site", "id") and "unit_id" not in plan.tables["export"].columns
    assert plan.analyses["primary"].method == "ancova" and plan.analyses["primary"].visits == ("week_8",)
    assert list(plan.datasets["units"].groups) == ["placebo", "drug"] and not draft.doubts


def test_one_number_in_each_group_is_asked_about_and_both_answers_can_be_given(tmp_path):
    rows = [["ID", "group", "sleep"], *([n, group, n + group] for group in (1, 2) for n in range(1, 11))]
    _, draft = first_plan(tmp_path, rows)
    assert "Then give --unit group,ID; or had each of them all? Then give --design crossover" in draft.doubts[0]
    new = {}
    for name, request in (("a", {"unit": "group,ID"}), ("b", {"design": "crossover"})):
        new[name], _ = drafted(folder_of(tmp_path / name), str(tmp_path / "made.csv"), **request)
    assert new["a"].analyses["primary"].method == "compare_groups"
    assert new["b"].analyses["primary"].method == "paired_change"


def test_animals_name_the_unit_before_the_numbers_of_rows(tmp_path):
    rows = [["", "Weight", "Time", "Pig"], *([7 * n + t, 20 + n + t, t, 100 + n] for n in range(9) for t in range(5))]
    plan, draft = first_plan(tmp_path, rows)
    assert draft.unit == "Pig" and list(plan.datasets["units"].visits.values()) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("names", "visits"),
    [
        (["ward30min_cough", "ward4hour_cough", "ward1day_cough"], ["ward30min", "ward4hour", "ward1day"]),
        (["number12m", "number3m"], ["3m", "12m"]),
    ],
)
def test_times_in_names_are_visits_in_the_order_of_time(tmp_path, names, visits):
    rows = [
        ["id", "arm", "preOp_weight", *names],
        *([n, n % 2, 70 + n, *(n % (i + 3) for i in range(len(names)))] for n in range(24)),
    ]
    plan, _ = first_plan(tmp_path, rows)
    assert list(plan.datasets["units"].visits.values()) == visits
    assert plan.analyses["primary"].visits == (list(plan.datasets["units"].visits)[-1],)
    assert plan.analyses["at_baseline"].parameters == ("pre_op_weight",)


def test_numbers_at_the_end_of_names_are_asked_about(tmp_path):
    rows = [["arm", "wl1", "wl2", "se1", "se2"], *([n % 2, n, n % 5, n % 7, n % 3] for n in range(24))]
    _, draft = first_plan(tmp_path, rows)
    assert "columns of made.csv end in 1,2: visits side by side? Then give --wide 1,2" in draft.doubts
    plan, _ = drafted(folder_of(tmp_path / "wide"), str(tmp_path / "made.csv"), wide=("1", "2"))
    assert plan.analyses["primary"].method == "ancova" and plan.analyses["primary"].parameters == ("wl",)


def test_what_was_measured_before_treatment_alone_is_no_outcome(tmp_path):
    rows = [["id", "arm", "BL_cigarettes", "BL_pain", "V3_pain", "BL_sleep", "V3_sleep", "V5_sleep"]]
    rows += [[n, ("drug", "placebo")[n % 2], *(n % k for k in (3, 5, 7, 4, 9, 11))] for n in range(40)]
    plan, _ = first_plan(tmp_path, rows)
    compared = {name: (a.parameters, a.visits) for name, a in plan.analyses.items() if a.method == "ancova"}
    assert compared == {"primary": (("pain",), ("v3",)), "others": (("sleep",), ("v5",))}


def test_a_column_that_says_the_group_again_is_no_outcome_and_what_is_not_used_is_said(tmp_path):
    rows = [["id", "arm", "dose_g", "score", "remark", "seen_on"]]
    rows += [
        [n, ("drug", "placebo")[n % 2], (2, 0)[n % 2], n % 7, f"free text {n}", f"2024-03-{n:02}"] for n in range(1, 25)
    ]
    plan, draft = first_plan(tmp_path, rows)
    assert plan.analyses["primary"].parameters == ("score",) and "dose_g" not in plan.datasets["units"].parameters
    assert draft.unused == {"dose_g": "the same within each group", "remark": "text", "seen_on": "date"}
    assert "without a parameter: seen_on (date)" in draft.found


def test_an_outcome_in_two_words_is_compared_and_stands_before_numbers(tmp_path):
    rows = [["id", "rx", "age", "outcome", "amylase"]]
    rows += [[n, ("0_placebo", "1_drug")[n % 2], 30 + n % 40, ("0_no", "1_yes")[n % 3 == 0], n % 9] for n in range(60)]
    plan, _ = first_plan(tmp_path, rows)
    shares = plan.analyses["shares_1"]
    assert (shares.role, shares.parameters) == ("primary", ("outcome_1_yes",))
    assert shares.options == {"group": "1_drug", "reference": "0_placebo"}
    assert plan.analyses["first"].role == "secondary"


@pytest.mark.parametrize(("texts", "event"), [((0, 1), "status"), ((1, 2), "status_2")])
def test_a_time_with_a_status_is_the_primary_outcome_and_the_rest_was_known_before(tmp_path, texts, event):
    rows = [["time", "status", "rx", "karno", "prior"]]
    rows += [[20 + 7 * n, texts[n % 3 > 0], n % 2, 40 + 10 * (n % 5), n % 2 * 10] for n in range(40)]
    plan, _ = first_plan(tmp_path, rows)
    primary = plan.analyses["time_to_event_1"]
    assert (primary.role, primary.parameters, primary.options["event"]) == ("primary", ("time",), event)
    assert primary.options["contrasts"] == [["1", "0"]]
    assert {"karno"} <= {*plan.analyses["at_baseline"].parameters} and "primary" not in plan.analyses


def test_factors_are_told_by_their_levels_where_no_name_does(tmp_path):
    rows = [["time", "poison", "treat"], *([n % 7 + 1, n % 3 + 1, "ABCD"[n % 4]] for n in range(48))]
    plan, draft = first_plan(tmp_path, rows, design="factorial")
    assert draft.factors == ["poison", "treat"] and plan.analyses["primary"].method == "factorial"
    assert plan.analyses["primary"].parameters == ("time",)


def test_a_text_that_is_the_name_of_its_column_is_a_value_and_a_header_again_is_none(tmp_path):
    rows = [["id", "treatment", "score"], *([n, ("treatment", "placebo")[n % 2], n % 7] for n in range(1, 31))]
    rows.insert(12, rows[0])
    plan, _ = first_plan(tmp_path, rows)
    assert list(plan.datasets["units"].groups) == ["placebo", "treatment"]
    assert plan.tables["export"].declared["score"].type == "integer"


def test_where_no_name_tells_the_groups_the_columns_that_could_are_named(tmp_path):
    rows = [["id", "classroom", "score"], *([n, ("small", "large")[n % 2], n % 9] for n in range(30))]
    _, draft = first_plan(tmp_path, rows)
    assert draft.doubts == ["no column is called as one of groups is; --arm takes one of classroom"]


def test_a_header_below_a_title_and_the_largest_sheet_are_read(tmp_path):
    book = Workbook()
    book.active.title = "Notes"
    book.active.append(["what is in this file"])
    sheet = book.create_sheet("Data")
    for row in [["Pressure study"], [], ["id", "arm", "pressure"], *([n, n % 2, 120 + n % 9] for n in range(24))]:
        sheet.append(row)
    book.save(tmp_path / "made.xlsx")
    plan, draft = drafted(folder_of(tmp_path / "study"), str(tmp_path / "made.xlsx"))
    assert plan.sources["export"].options == {"sheet": "Data", "header_row": 3}
    assert plan.analyses["primary"].parameters == ("pressure",)


def test_names_that_stand_twice_are_said_of_their_own_row(tmp_path):
    book = Workbook()
    for row in [["Study"], ["id", "BP", "HR", "BP", "HR"], *([n, 120, 70, 118, 68 + n] for n in range(9))]:
        book.active.append(row)
    book.save(tmp_path / "made.xlsx")
    with pytest.raises(Fault, match="row 2: columns 2 and 4 have one name"):
        drafted(folder_of(tmp_path / "study"), str(tmp_path / "made.xlsx"))


def test_a_record_id_of_any_name_and_blank_rows_of_a_dictionary(tmp_path):
    head = "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,field_note,"
    head += "text_validation_type_or_show_slider_number,text_validation_min,text_validation_max,identifier,"
    head += "branching_logic,required_field,custom_alignment,question_number"
    fields = ["car,intake,,text,Car,,,,,,,,,,", "weight,intake,,text,Weight,,,number,,,,,,,", "," * 14, "," * 14]
    (tmp_path / "dictionary.csv").write_text("\n".join([head, *fields]) + "\n", encoding="utf-8")
    rows = [["car", "weight", "intake_complete"], *([f"car {n}", 60 + n, 2] for n in range(1, 12))]
    plan, _ = drafted(
        folder_of(tmp_path / "study"), saved(tmp_path, "data.csv", rows), str(tmp_path / "dictionary.csv")
    )
    assert plan.tables["intake"].raw("unit_id") == "car"


def test_a_code_for_no_value_is_no_second_value_of_a_person(tmp_path):
    rows = [["id", "visit", "arm", "age", "score"]]
    rows += [[n, v, "ab"[n % 2], (30 + n, "NA")[v], n % 7 + v] for n in range(20) for v in (0, 1)]
    plan, draft = first_plan(tmp_path, rows)
    assert not draft.doubts and plan.datasets["units"].parameters["age"].derive == "same"


def test_what_the_program_of_a_survey_writes_is_no_answer(tmp_path):
    rows = [["id", "submitdate", "lastpage", "startlanguage", "seed", "pain[SQ001]", "group", "interviewtime"]]
    rows += [
        [n, f"2024-03-{n % 28 + 1:02} 10:00:00", 5 - n % 2, "en", 10**6 + n, n % 9, ("A1", "A2")[n % 2], 100.5 + n]
        for n in range(1, 41)
    ]
    plan, draft = first_plan(tmp_path, rows)
    assert plan.analyses["primary"].parameters == ("pain_sq001",) and "others" not in plan.analyses
    assert {*draft.unused} == {"submitdate", "lastpage", "startlanguage", "seed", "interviewtime"}


def test_a_question_for_the_group_names_it(tmp_path):
    rows = [["Timestamp", "Participant code", "Which group?", "How strong is your pain today (0-10)?"]]
    rows += [[f"2024/03/{n % 28 + 1:02} 10:00:{n:02}", f"K{n}", ("OMT", "Sham")[n % 2], n % 11] for n in range(40)]
    plan, draft = first_plan(tmp_path, rows)
    assert draft.unit == "Participant code" and list(plan.datasets["units"].groups) == ["Sham", "OMT"]
    assert plan.analyses["primary"].method == "compare_groups"


GERMAN = ("nie", "selten", "manchmal", "sehr oft", "immer")


def in_german(head: str) -> list[list]:
    """Two arms at three visits, with German heads and answers."""
    chance = random.Random(3)
    rows = [[head, "Gruppe", "Visite", *(f"HIT6_{i}" for i in range(1, 7)), "Kopfschmerztage"]]
    for number in range(1001, 1025):
        for visit in ("T0", "T4", "T12"):
            answers = [chance.choice(GERMAN) for _ in range(6)]
            rows.append([number, ("OMT", "Schein")[number % 2], visit, *answers, chance.randint(0, 20)])
    return rows


@pytest.mark.parametrize(
    "head",
    ["Patientennummer", "Pat.-Nr.", "Teilnehmernummer", "Randomisierungsnummer", "Versuchstier", "numero de patient"],
)
def test_a_number_of_patients_in_other_languages_names_the_unit(tmp_path, head):
    rows = in_german(head)
    harmless = {head: "given at randomisation"}
    plan, found = drafted(folder_of(tmp_path / "study"), saved(tmp_path, "export.csv", rows), harmless=harmless)
    assert found[0] == f"unit: {head}" and plan.analyses["primary"].parameters == ("kopfschmerztage",)
    assert plan.datasets["units"].visits == {"t0": "T0", "t4": "T4", "t12": "T12"}


def test_visits_without_a_column_for_the_unit_are_asked_about(tmp_path):
    file = saved(tmp_path, "export.csv", in_german("Kuerzung"))
    new = new_study("made", [file], Request(), folder_of(tmp_path / "study"))
    (doubt,) = [doubt for doubt in new.draft.doubts if "Visite" in doubt]
    assert "each row of export.csv is taken for a unit of its own" in doubt and doubt.endswith("takes one of Kuerzung")
    assert f"# SAY: {doubt}." in new.text


def test_answers_in_another_language_are_asked_about_and_recode_reads_them(tmp_path):
    file = saved(tmp_path, "export.csv", in_german("ID"))
    new = new_study("made", [file], Request(), folder_of(tmp_path / "study"))
    (doubt,) = [doubt for doubt in new.draft.doubts if "HIT6_1" in doubt]
    assert "HIT6_1 to HIT6_6 are called as the items of HIT-6 are" in doubt and "sehr oft" in doubt
    assert "schema: hit6 and recode" in doubt
    codes = ", ".join(f'{answer}: "{code}"' for code, answer in enumerate(GERMAN, 1))
    path = tmp_path / "study/config/studies/made.yaml"
    keys = f"columns: {{hit6_<1-6>: HIT6_<>}}, recode: {{hit6_<1-6>: {{{codes}}}}}"
    table = f"  hit6: {{source: export, schema: hit6, {keys}}}\n"
    path.write_text(new.text.replace("datasets:\n", table + "datasets:\n", 1), encoding="utf-8")
    assert check_plan(read_plan(path), path).tables["hit6"].recode["hit6_6"]["sehr oft"] == "4"


def test_answers_that_are_known_are_not_asked_about():
    hit = {f"HIT6_{n}": {"never": 1, "always": 1} for n in range(1, 7)}
    assert answers_unknown(hit) == [] and answers_unknown({f"q{n}": {"nie": 3} for n in range(1, 7)}) == []
