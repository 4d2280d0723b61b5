"""Analysis data sets, ARS results and shells: read back by other programs, and against the published schemas."""

import io
import json
import zipfile
from dataclasses import replace

import jsonschema
import pandas
import pytest
from estimates import estimate
from omtrace.faults import Fault
from omtrace.intake.plan_check import read_whole
from omtrace.report.adam import export_adam
from omtrace.report.ars import ars_of, export_ars, read
from omtrace.report.exports import of_numbers
from omtrace.report.share import numbers_for
from omtrace.report.shells import document_of_shells, masked
from omtrace.report.words import needed_cell
from omtrace.store import read_csv, read_json, read_table
from pipeline import REPOSITORY

REFERENCE = REPOSITORY / "tests/reference"


@pytest.fixture(scope="module")
def root(tiny_twins):
    return tiny_twins[0][0]


@pytest.fixture(scope="module")
def files(root, tmp_path_factory):
    path = export_adam("tiny", tmp_path_factory.mktemp("adam") / "adam.zip", root)
    assert path.stat().st_mode & 0o007 == 0  # rows of people
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def frame(files, name):
    return pandas.read_csv(
        io.BytesIO(files[name]), keep_default_na=False, na_values={"AVAL": "", "BASE": "", "CHG": ""}
    )


def test_values_are_those_of_the_records_with_base_and_change(files, root):
    bds = frame(files, "adbds.csv")
    records = read_table(root / "results/tiny/datasets/participants.parquet").set_index("record")
    assert len(bds) == (records["visit"].fillna("") != "").sum() - (records["status"] == "not scheduled").sum()
    for row in bds.itertuples():
        record = records.loc[row.RECORD]
        assert row.USUBJID == f"tiny-{record['unit']}"
        assert row.AVAL == record["value"] or (row.AVAL != row.AVAL and record["value"] != record["value"])
        assert (row.ANL01FL == "Y") == (record["status"] == "observed") == (row.STATUS == "")
    wide = bds[bds["PARAMCD"] == "HT6TTL"].pivot(index="USUBJID", columns="AVISIT", values="AVAL")
    later = bds[(bds["PARAMCD"] == "HT6TTL") & (bds["AVISIT"] == "1 month")].set_index("USUBJID")
    change = (wide["1 month"] - wide["Baseline"]).rename(None)
    pandas.testing.assert_series_equal(later["CHG"].rename(None).sort_index(), change, check_names=False)
    assert (
        later["PCHG"].astype(str).replace("", "nan").astype(float) - 100 * change / wide["Baseline"]
    ).abs().max() < 1e-8


def test_a_row_a_unit_with_arm_and_populations(files):
    adsl = frame(files, "adsl.csv")
    assert adsl["USUBJID"].is_unique and set(adsl["FASFL"]) == {"Y"}
    assert set(zip(adsl["TRT01P"], adsl["TRT01PN"], strict=True)) == {("Sham", 1), ("OMT", 2)}


@pytest.mark.parametrize("name", ["adsl", "adbds"])
def test_the_transport_file_is_one_of_version_5(files, tmp_path, name):
    content = files[f"{name}.xpt"]
    assert content.startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!")  # LIBV8 in version 8
    names = {row["variable"] for row in define(files) if row["dataset"] == name.upper()}
    assert all(len(one) <= 8 and one.isupper() for one in names)
    (tmp_path / "a.xpt").write_bytes(content)
    there = pandas.read_sas(tmp_path / "a.xpt", format="xport", encoding="utf-8")  # another reader than the writer's
    other = pandas.read_parquet(io.BytesIO(files[f"{name}.parquet"]))
    assert list(there) == list(other) and set(there) == names
    for column in there:
        # pandas reads a zero of the format as 5e-79
        pairs = [
            ["" if pandas.isna(x) or x in (0, "") else x for x in values] for values in (there[column], other[column])
        ]
        pairs[0] = ["" if isinstance(x, float) and abs(x) < 1e-70 else x for x in pairs[0]]
        assert pairs[0] == pairs[1]


@pytest.mark.parametrize("name", ["adsl", "adbds"])
def test_the_json_fits_the_published_schema(files, name):
    content = json.loads(files[f"{name}.json"])
    schema = read_json(REFERENCE / "dataset_json_1_1.schema.json")
    jsonschema.validators.validator_for(schema)(schema).validate(content)
    assert content["records"] == len(content["rows"])


def define(files):
    return [
        dict(row) for row in pandas.read_csv(io.BytesIO(files["define.csv"]), dtype=str).fillna("").to_dict("records")
    ]


def test_each_variable_names_the_raw_files_and_columns_behind_it(files, root):
    of = {(row["dataset"], row["variable"]): row for row in define(files)}
    score = of["ADBDS.PARAMCD", "HT6TTL"]
    assert score["origin"] == "Derived" and "score" in score["method"] and score["unit"] == "points"
    sources = [source.rsplit(":", 1) for row in of.values() for source in row["source"].split("; ") if source]
    assert len({column for _, column in sources}) > 5
    for path, column in sources:
        assert column in (root / path).read_text(encoding="utf-8").splitlines()[0].split(",")


def test_bytes_are_the_same_each_time_and_share_mode_refuses_rows(root, tmp_path, files):
    with zipfile.ZipFile(export_adam("tiny", tmp_path / "again.zip", root)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
    with pytest.raises(Fault, match="rows of single people and cannot be shared"):
        export_adam("tiny", tmp_path / "no.zip", root, share=True)


# results


@pytest.mark.parametrize("share", [False, True])
def test_results_fit_the_published_schema_with_one_operation_a_number(root, tmp_path, share):
    content = export_ars("tiny", tmp_path / "ars.json", root, share).read_bytes()
    schema = read_json(REFERENCE / "ars_1_0.schema.json")
    jsonschema.Draft7Validator(schema).validate(json.loads(content))
    estimates = {row["id"]: row["value"] for row in read_csv(root / "results/tiny/estimates.csv")}
    found = read(content)
    assert found.keys() == estimates.keys()
    assert share or found == estimates
    assert share == any(not found[number] and estimates[number] for number in found)
    operations = {o["id"]: m["id"] for m in json.loads(content)["methods"] for o in m["operations"]}
    for analysis in json.loads(content)["analyses"]:
        assert {operations[result["operationId"]] for result in analysis["results"]} == {analysis["methodId"]}
    assert ars_of(numbers_for("tiny", root, share)) == content


# shells


def lines(document, without="excluded"):
    return [
        (
            sheet.heading,
            sheet.heads,
            sheet.columns,
            [
                (line.heads, ["".join(p.text for p in c) for c in line.cells])
                for line in sheet.lines
                if not any(head.startswith(without) for head in line.heads)
            ],
        )
        for sheet in document.sheets
    ]


def same_but_for_values(root, study):
    shells = document_of_shells(read_whole(root / f"config/studies/{study}.yaml"))
    assert "%" not in "".join(p.text for s in shells.sheets for p in s.pieces if any(c.isdigit() for c in p.text))
    assert not any(c.isdigit() for s in shells.sheets for p in s.pieces for c in p.text)
    numbers = numbers_for(study, root)
    final = of_numbers(type(numbers)(numbers.plan, masked(numbers.rows), numbers.definitions, numbers.source))
    ids = [piece.id for sheet in shells.sheets for piece in sheet.pieces]
    assert len(ids) > 20 and set(ids) <= {row["id"] for row in numbers.rows}
    return lines(shells), lines(final)


def test_shells_differ_from_the_tables_of_a_study_in_values_alone(root):
    shells, final = same_but_for_values(root, "tiny")
    assert shells == final


def test_shells_differ_from_the_tables_of_a_shipped_study_in_values_alone(shipped_results):
    shells, final = same_but_for_values(shipped_results, "rat_pup_weight")
    assert shells == final


def test_shells_hold_every_table_since_made_up_units_belong_to_the_populations(shipped_results):
    shells = document_of_shells(read_whole(shipped_results / "config/studies/omt_feasibility.yaml"))
    final = of_numbers(numbers_for("omt_feasibility", shipped_results))
    assert [sheet.heading for sheet in shells.sheets] == [sheet.heading for sheet in final.sheets]


def test_a_number_needed_to_treat_has_one_form_before_there_are_data():
    low, high = (estimate(statistic=f"nnt_newcombe_{end}", text="", shown="xx.x") for end in ("low", "high"))
    assert needed_cell([low, high]) == [[low, " to ", high]]
    assert needed_cell([replace(low, statistic="nnt")]) == [[replace(low, statistic="nnt")]]


def test_a_plan_for_which_made_up_rows_do_not_do_is_refused(shipped_results):
    with pytest.raises(Fault, match="no shells"):
        document_of_shells(read_whole(shipped_results / "config/studies/rat_two_hit.yaml"))
