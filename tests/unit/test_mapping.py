"""Label exports of survey tools through a mapping file: columns and codes are bound by the plan, never guessed."""

import pytest
import yaml
from omtrace import store
from omtrace.faults import Fault
from omtrace.model.plan import read_plan
from omtrace.model.register import Export
from omtrace.validation.validate import validate_study

TITLES = [f"Question {n}, in the site's words" for n in range(1, 7)]
ANSWERS = ["Never", "rarely", "Sometimes", "Very often", "ALWAYS", "Never"]


def study(folder, table, files, mapping=None):
    """A plan of one HIT-6 table on disk, with its mapping file, and its exports."""
    plans = folder / "config/studies"
    (plans / "forms").mkdir(parents=True)
    entry = {
        "reader": "delimited",
        "source": "answers",
        "visit": {"column": "Visit", "map": {"Start": "baseline"}},
    } | table
    plan = {
        "study": "forms",
        "title": "t",
        "kind": "real",
        "statement": "s",
        "design": "d",
        "tables": {"hit6": entry},
        "datasets": {},
        "analyses": {},
        "figures": {},
    }
    (plans / "forms.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    if mapping is not None:
        (plans / "forms/hit6.csv").write_text(mapping, encoding="utf-8")
    exports = []
    for number, content in enumerate(files, 1):
        path = f"data/raw/forms/answers_{number}.csv"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
        exports.append(Export(number, "forms", f"a{number}", "answers", path, "", "", "", "received", "", "", ""))
    return plans / "forms.yaml", exports


def validated(folder, plan, exports):
    validate_study(read_plan(plan), exports, folder / "findings.csv", folder / "out", folder)
    return store.read_table(folder / "out/hit6.parquet"), store.read_csv(folder / "findings.csv")


def form(answers, visit="Start"):
    head = ",".join(["Timestamp", "Study code", "Visit", *(f'"{title}"' for title in TITLES)])
    return head + "\n" + ",".join(["2024-05-01 10:00", "P1", visit, *answers]) + "\n"


MAPPING = "column,source,code,value\nunit_id,Study code,,\n" + "".join(
    f'hit6_{n},"{title}",,\n' for n, title in enumerate(TITLES, 1)
)


def test_a_label_export_is_bound_by_a_mapping_file_and_a_declared_coding(tmp_path):
    plan, exports = study(tmp_path, {"mapping": "hit6.csv", "coding": "labels"}, [form(ANSWERS)], MAPPING)
    table, findings = validated(tmp_path, plan, exports)
    assert table[[f"hit6_{n}" for n in range(1, 7)]].to_numpy().tolist() == [[1, 2, 3, 4, 5, 1]]
    assert table["unit_id"].tolist() == ["P1"] and table["visit"].tolist() == ["baseline"]
    assert {row["rule"] for row in findings} == {"column_undeclared"}


@pytest.mark.parametrize(
    ("coding", "answers"),
    [("", "1 2 3 4 5 1"), ("zero_based", "0 1 2 3 4 0"), ("weights", "6 8 10 11 13 6"), ("labels", " ".join(ANSWERS))],
)
def test_hit6_comes_in_four_codings_each_of_which_must_be_declared(tmp_path, coding, answers):
    cells = answers.split() if coding != "labels" else ANSWERS
    plan, exports = study(tmp_path, {"mapping": "hit6.csv", "coding": coding}, [form(cells)], MAPPING)
    table, _ = validated(tmp_path, plan, exports)
    assert table[[f"hit6_{n}" for n in range(1, 7)]].to_numpy().tolist() == [[1, 2, 3, 4, 5, 1]]


def test_an_undeclared_coding_is_refused_with_the_coding_that_would_fit(tmp_path):
    plan, exports = study(tmp_path, {"mapping": "hit6.csv"}, [form("6 8 10 11 13 6".split())], MAPPING)
    with pytest.raises(Fault, match="coding: expected the codes of HIT-6; .* say so, coding: weights"):
        validated(tmp_path, plan, exports)


def test_answers_from_0_to_4_are_not_read_as_1_to_5_where_no_0_was_given(tmp_path):
    rows = form("1 2 3 4 1 2".split()) + "".join(form("0 1 2 3 4 1".split()).splitlines(True)[1:] * 3)
    plan, exports = study(tmp_path, {"mapping": "hit6.csv"}, [rows], MAPPING)
    with pytest.raises(Fault, match="coding: zero_based"):
        validated(tmp_path, plan, exports)


def test_one_slip_among_many_answers_is_a_cell_not_a_coding(tmp_path):
    rows = form("1 2 3 4 5 0".split()) + "".join(form("5 2 3 4 1 5".split()).splitlines(True)[1:] * 20)
    plan, exports = study(tmp_path, {"mapping": "hit6.csv"}, [rows], MAPPING)
    _, findings = validated(tmp_path, plan, exports)
    assert [row["line"] for row in findings if row["rule"] == "range"] == ["2"]


def test_codes_of_the_mapping_file_are_recoded_and_what_the_plan_says_itself_wins(tmp_path):
    mapping = (
        MAPPING.replace(",,\n", ",a,1\n")
        .replace('"Study code",a,1', "Study code,,")
        .replace("Study code,a,1", "Study code,,")
    )
    mapping += f'hit6_1,"{TITLES[0]}",b,2\n'
    plan, exports = study(
        tmp_path, {"mapping": "hit6.csv", "recode": {"hit6_2": {"a": "5"}}}, [form("baaaaa")], mapping
    )
    table, _ = validated(tmp_path, plan, exports)
    assert table[[f"hit6_{n}" for n in range(1, 7)]].to_numpy().tolist() == [[2, 5, 1, 1, 1, 1]]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("column,source\n", "line 1: the columns must be column,source,code,value"),
        (MAPPING + "hit6_1,Other,,\n", "line 9: hit6_1 has another source above"),
        (MAPPING + "sex,Sex,1,male\nsex,Sex,1,female\n", "line 10: the code stands above already"),
        (MAPPING + "sex,,1,male\n", "line 9: column and source must be given"),
        (MAPPING + "sex,Sex\n", "line 9: 2 cells instead of 4"),
        (None, "there is no such mapping file"),
    ],
)
def test_a_mapping_file_that_does_not_fit_is_a_fault_with_its_line(tmp_path, mapping, says):
    plan, _ = study(tmp_path, {"mapping": "hit6.csv"}, [form(ANSWERS)], mapping)
    with pytest.raises(Fault) as caught:
        read_plan(plan)
    assert caught.value.lines[0].endswith(says) and "hit6.csv" in caught.value.lines[0]


@pytest.mark.parametrize("name", ["../hit6.csv", "/etc/hostname", "sub/hit6.csv", ".hit6.csv", "a\nb.csv"], ids=ascii)
def test_a_mapping_file_lies_in_the_folder_of_its_study(tmp_path, name):
    plan, _ = study(tmp_path, {"mapping": name}, [], MAPPING)
    (plan.parent / "hit6.csv").write_text(MAPPING)
    with pytest.raises(Fault, match="forms.yaml: mapping: ") as caught:
        read_plan(plan)
    assert f"{name!r} is not the name of a file in " in caught.value.lines[0]
