"""What a result rests on is declared: in the stage file of its job, and nowhere else.

Stages are run in this process, by their own scripts, each in a folder that holds its declared inputs alone; that
Snakemake runs a job whose stage file has changed, in whatever state it finds a folder, is tried on whole runs.
"""

import json
import os
import random
import runpy
import shutil
import subprocess
import types
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from leaf_edits import edits
from omtrace.faults import Fault
from omtrace.intake.plan_check import check_plan
from omtrace.model.folders import Folders
from omtrace.model.plan import Plan, read_plan
from omtrace.model.register import Export, read_register, sha256_of, write_register
from omtrace.model.slices import STAGES, plain, read_slice, slice_of
from omtrace.provenance.listings import drop_broken_listing, listing, read_listing
from omtrace.provenance.stage_inputs import RULES, plugins_of, stages_of
from omtrace.provenance.stages import read_stage, write_stage
from omtrace.store import read_csv
from pipeline import REPOSITORY, TINY, digests, done, omtrace, snakemake

REGISTER, PLAN = "config/exports.csv", "config/studies/tiny.yaml"
PLANS = sorted((REPOSITORY / "config/studies").glob("*.yaml"))
INPUTS = {  # stage -> results that its rule has as inputs, and its outputs
    "validate": ([], {"validated": "validated"}),
    "derive": (["validated"], {"datasets": "datasets"}),
    "analyse": (
        ["datasets"],
        {"estimates": "estimates.csv", "rowsets": "rowsets.parquet", "definitions": "definitions.json"},
    ),
    "render": (
        ["validated", "datasets", "estimates.csv", "rowsets.parquet", "definitions.json"],
        {
            "figures": "figures",
            "dictionary": "dictionary",
            "report": "report.html",
            "abstract": "abstract.json",
            "tidy": "estimates_tidy.csv",
            "tidy_parquet": "estimates_tidy.parquet",
        },
    ),
}
BEFORE = {"derive": "validate", "analyse": "derive", "render": "analyse"}  # stage -> that whose listing is an input
RAW = ("validate", "render")  # stages whose rules have the raw files as inputs


class Files(list):
    """Files by name and by place, as Snakemake hands them to a script."""

    def __init__(self, named):
        super().__init__(file for files in named.values() for file in (files if isinstance(files, list) else [files]))
        self.items = named.items
        for name, files in named.items():
            setattr(self, name, files)


def study_in(folder, document=None, **changes):
    """The tiny study's config and raw files in a folder, with another plan or other cells of the register."""
    for part in ("config", "data"):
        shutil.copytree(TINY / part, folder / part)
    if document:
        (folder / PLAN).write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    if changes:
        rows = [replace(row, **changes) if row.study == "tiny" else row for row in read_register(folder / REGISTER)]
        write_register(rows, folder / REGISTER)
    return folder


def stage_texts(folder, monkeypatch):
    """The content of each stage file of the study as it stands in a folder. Raises Fault as the workflow would stop."""
    monkeypatch.chdir(folder)
    plan = check_plan(read_plan(PLAN))
    return {name: inputs.text for name, inputs in stages_of(plan, read_register(), Folders()).items()}


def made_of(texts, folder, raw, before=None):
    """Run the stages in a folder; those whose stage file is as it was ``before``, and of whose inputs none was made
    anew, are taken from there. Gives the names of the stages that ran."""
    ran, fresh = [], set()
    for stage, (inputs, outputs) in INPUTS.items():
        file = folder / "results/tiny/stages" / f"{stage}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(texts[stage], encoding="utf-8")
        if before and (before / file.relative_to(folder)).read_text("utf-8") == texts[stage] and not fresh & {*inputs}:
            for name in (*outputs.values(), f"stages/{stage}.sha256"):
                copy_of(before / "results/tiny" / name, folder / "results/tiny" / name)
        else:
            run_stage(stage, folder, raw)
            ran.append(stage)
            fresh |= {*outputs.values()}
    return ran


def copy_of(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


def run_stage(stage, folder, raw):
    """Run the script of a stage in a folder of its own, which holds what its rule declares as inputs."""
    place, script = folder / "job", REPOSITORY / "workflow/scripts" / f"{RULES[stage]}.py"
    study = Path("results/tiny")
    inputs, outputs = INPUTS[stage]
    listings = [f"stages/{BEFORE[stage]}.sha256"] if stage in BEFORE else []
    for name in (*inputs, *listings, f"stages/{stage}.json"):
        copy_of(folder / study / name, place / study / name)
    if stage in RAW:
        shutil.copytree(raw, place / "data/raw")
    made = {name: (study / file).as_posix() for name, file in outputs.items()}
    made["listing"] = (study / f"stages/{stage}.sha256").as_posix()
    job = types.SimpleNamespace(
        input=Files(
            {
                "stage": f"{study}/stages/{stage}.json",
                "parts": [],
                "validated": f"{study}/validated",
                "datasets": f"{study}/datasets",
                "listings": [f"{study}/{name}" for name in listings],
            }
        ),
        output=Files(made),
        log=Files({"log": "logs/job.log", "findings": "logs/findings.csv"}),
        scriptdir=str(script.parent),
        wildcards={"study": "tiny"},
        rule=script.stem,
    )
    here = os.getcwd()
    os.chdir(place)
    try:
        runpy.run_path(str(script), {"snakemake": job})
    finally:
        os.chdir(here)
    for name in (*outputs.values(), f"stages/{stage}.sha256"):
        copy_of(place / study / name, folder / study / name)
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The tiny study, and its results."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = study_in(tmp_path_factory.mktemp("base"))
        made_of(stage_texts(folder, monkeypatch), folder, folder / "data/raw")
    return folder


def test_a_stage_needs_nothing_but_what_its_rule_declares(base, tiny_twins):
    """Each ran in a folder with nothing else in it; the bytes are those of a whole run."""
    made = digests(base / "results")
    whole = {name: digest for name, digest in digests(tiny_twins[0][0] / "results").items() if name in made}
    assert whole == made
    assert {f"tiny/{name}" for name in ("estimates.csv", "report.html", "figures/means.svg")} <= {*made}


def plan_edits():
    """Every edit of the tiny plan, shuffled: in their own order a part would get the same few keys of each analysis."""
    every = list(edits(Plan, yaml.safe_load((TINY / PLAN).read_text(encoding="utf-8"))))
    random.Random(1).shuffle(every)
    return every


@pytest.mark.parametrize("part", range(4))
def test_after_an_edit_of_any_key_of_the_plan_what_runs_again_gives_the_bytes_of_a_clean_run(
    base, tmp_path, monkeypatch, part
):
    accepted = {}
    for number, edit in enumerate(plan_edits()[part::4]):
        if edit.where == "study":  # another study
            continue
        folder = study_in(tmp_path / f"{number}", edit.document)
        try:
            texts = stage_texts(folder, monkeypatch)
        except Fault:
            continue  # the run ends before any job, as a clean one does
        try:
            ran = made_of(texts, tmp_path / f"{number}/again", folder / "data/raw", base)
        except SystemExit:
            with pytest.raises(SystemExit):  # what the data do not fit ends both
                made_of(texts, tmp_path / f"{number}/clean", folder / "data/raw")
            continue
        if ran != list(INPUTS):  # else it is a clean run itself
            made_of(texts, tmp_path / f"{number}/clean", folder / "data/raw")
            again, clean = (digests(tmp_path / f"{number}" / name / "results") for name in ("again", "clean"))
            assert again == clean, edit.where
        assert {*ran} <= reached_from(edit.stages), edit.where
        accepted[edit.where] = ran
        shutil.rmtree(tmp_path / f"{number}")
    assert len(accepted) > 10  # of the others the plan itself says that they do not fit


def reached_from(stages):
    """The stages that an edit can reach: those that read it and those after; the report names the plan's digest."""
    first = min((list(INPUTS).index(stage) for stage in stages if stage in INPUTS), default=len(INPUTS))
    return {*list(INPUTS)[first:], "render"}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_stage_file_changes_with_the_keys_that_the_stage_reads_and_with_no_others(path):
    """Of every plan in the repository, with a sample of all keys that its models know."""
    plan = read_plan(path)
    before = {stage: plain(slice_of(plan, stage)) for stage in STAGES}
    tried = 0
    every = list(edits(Plan, plain(plan)))
    for edit in random.Random(1).sample(every, min(120, len(every))):
        try:
            edited = read_slice(Plan, edit.document)
        except ValueError:
            continue
        changed = {stage for stage in STAGES if plain(slice_of(edited, stage)) != before[stage]}
        assert changed == {*edit.stages}, edit.where
        tried += 1
    assert tried > 60


def test_reading_past_the_slice_is_an_error(base):
    plan = read_stage(base / "results/tiny/stages/derive.json").plan
    assert plan.datasets["participants"].parameters["hit6_total"].derive == "score"
    for read in (lambda: plan.analyses, lambda: plan.title, lambda: plan.datasets["participants"].groups):
        with pytest.raises(AttributeError):
            read()
    assert plan.datasets["participants"].visits == {"baseline": "", "month_1": ""}  # the names without the labels


REGISTER_EDITS = [
    ({"citation": "Another, corrected 2003"}, ["render"]),
    ({"licence": "CC-BY-4.0"}, ["render"]),
    ({"address": "https://example.org/x"}, ["render"]),
    ({"origin": "shipped"}, ["render"]),
    ({"received_on": "2030-01-01"}, list(INPUTS)),
    ({"batch": "lot 2"}, list(INPUTS)),
]


def test_every_column_of_the_register_is_tried():
    """Those that say which file it is change its study, its keys or its table, and are tried elsewhere."""
    identity = {"number", "study", "export", "table", "path", "sha256", "replaces", "withdrawn"}
    assert {name for changes, _ in REGISTER_EDITS for name in changes} | identity == {*Export.__dataclass_fields__}


@pytest.mark.parametrize(("changes", "stages"), REGISTER_EDITS, ids=lambda value: "-".join(value))
def test_after_an_edit_of_the_register_what_runs_again_gives_the_bytes_of_a_clean_run(
    base, tmp_path, monkeypatch, changes, stages
):
    folder = study_in(tmp_path / "study", **changes)
    texts = stage_texts(folder, monkeypatch)
    assert made_of(texts, tmp_path / "again", folder / "data/raw", base) == stages
    made_of(texts, tmp_path / "clean", folder / "data/raw")
    assert digests(tmp_path / "again/results") == digests(tmp_path / "clean/results")


# the files themselves


def test_a_stage_file_is_written_only_where_its_content_changes(tmp_path, monkeypatch):
    folder = study_in(tmp_path / "study")
    monkeypatch.chdir(folder)
    inputs = stages_of(read_plan(PLAN), read_register(), Folders())["validate"]
    assert write_stage(inputs, "stage.json") and not write_stage(inputs, "stage.json")
    stamp = os.stat("stage.json").st_mtime_ns
    assert not write_stage(inputs, "stage.json") and os.stat("stage.json").st_mtime_ns == stamp
    assert read_stage("stage.json").text == inputs.text
    assert json.loads(inputs.text)["register"][0]["path"].startswith("data/raw/tiny/")
    Path("stage.json").write_bytes(b"\xff half of it")
    assert write_stage(inputs, "stage.json")


@pytest.fixture
def listed(tmp_path):
    """A stage's files and its listing, which is true."""
    (tmp_path / "stages").mkdir()
    (tmp_path / "tables").mkdir()
    for name in ("tables/a.csv", "report.html", "stages/before.sha256", "stages/made.json"):
        (tmp_path / name).write_text(f"{name}\n")
    inputs = [tmp_path / "stages/made.json", tmp_path / "stages/before.sha256"]
    text = listing(inputs, [tmp_path / "tables", tmp_path / "report.html"], tmp_path)
    (tmp_path / "stages/made.sha256").write_text(text)
    return tmp_path


def test_a_listing_is_what_sha256sum_reads(listed):
    names = ["stages/made.json", "stages/before.sha256", "tables/a.csv", "report.html"]
    assert list(read_listing(listed / "stages/made.sha256")) == names
    command = ["sha256sum", "--check", "--strict", "stages/made.sha256"]
    subprocess.run(command, cwd=listed, check=True, capture_output=True)


def test_a_listing_that_is_no_longer_true_is_removed(listed, tmp_path_factory):
    """Made of another stage file, of other results before it, or with a file that is gone."""
    other = {"stages/made.json": None, "stages/before.sha256": "else\n", "tables/a.csv": ""}
    for name, change in [("", ""), *other.items()]:
        folder = shutil.copytree(listed, tmp_path_factory.mktemp("copy") / "study")
        text = "stages/made.json\n" if name != "stages/made.json" else "another\n"
        if change:
            (folder / name).write_text(change)
        elif change == "" and name:
            (folder / name).unlink()
        drop_broken_listing("made", folder, text)
        assert (folder / "stages/made.sha256").exists() == (name == ""), name


def test_every_stage_that_a_field_names_is_one():
    assert {*RULES} == {*STAGES} and {*INPUTS} | {"read", "plates"} == {*STAGES}
    assert all(plugins_of(read_plan(PLANS[0]), stage) is not None for stage in STAGES)


# whole runs, in every state of a folder


def unpacked_elsewhere(folder: Path, fresh) -> Path:
    """Results that somebody sends, unpacked in another checkout."""
    other = fresh(folder.parent / "elsewhere")
    shutil.copytree(folder / "results", other / "results")
    shutil.copytree(folder / "logs", other / "logs")
    return other


def without_metadata(folder: Path, fresh) -> Path:
    """A folder whose .snakemake was cleaned."""
    shutil.rmtree(folder / ".snakemake")
    return folder


def with_files_missing(folder: Path, fresh) -> Path:
    """A folder in which a file of each folder of results was deleted."""
    for name in ("validated/places", "datasets/participants", "figures/means", "dictionary/hit6"):
        next((folder / "results/tiny").glob(f"{name}.*")).unlink()
    return folder


def as_it_is(folder: Path, fresh) -> Path:
    """The folder as the run left it."""
    return folder


def with_results_of_another_plan(folder: Path, fresh) -> Path:
    """A folder with its own .snakemake, into which results were unpacked that somebody made with another plan."""
    other = fresh(folder.parent / "other")
    shutil.copytree(folder / "results", other / "results")
    path = other / PLAN
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("group: OMT, reference: sham", "group: sham, reference: OMT"), encoding="utf-8")
    done(snakemake(other, "tiny"))
    shutil.rmtree(folder / "results")
    shutil.copytree(other / "results", folder / "results")
    return folder


STATES = (as_it_is, without_metadata, unpacked_elsewhere, with_files_missing)
EVERYTHING = ["validate_exports", "derive_datasets", "analyse_datasets", "render_results", "record_manifest"]


def changed_plan(folder):
    """The kind of the study, which stands beside each number."""
    path = folder / PLAN
    path.write_text(path.read_text(encoding="utf-8").replace("kind: simulated", "kind: real"), encoding="utf-8")
    return EVERYTHING[2:]


def changed_library(folder):
    path = folder / "workflow/omtrace/derivations/score.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    return EVERYTHING[1:]


def changed_raw_file(folder):
    path = folder / "data/raw/tiny/diary.csv"
    text = path.read_text(encoding="utf-8")
    assert "T01,-3,1,1,4,1" in text
    path.write_text(text.replace("T01,-3,1,1,4,1", "T01,-3,1,1,5,1"), encoding="utf-8")
    rows = read_register(folder / REGISTER)
    new = [replace(row, sha256=sha256_of(path)) if row.path.endswith("tiny/diary.csv") else row for row in rows]
    write_register(new, folder / REGISTER)
    return EVERYTHING


def unchanged(folder):
    return []


CHANGES = (unchanged, changed_plan, changed_library, changed_raw_file)


def test_results_of_another_plan_are_made_again_though_snakemake_knows_those_of_this_one(tiny, fresh):
    clean = digests(tiny / "results")
    folder = with_results_of_another_plan(tiny, fresh)
    assert digests(folder / "results") != clean
    assert planned(folder) == EVERYTHING[2:]
    done(snakemake(folder, "tiny"))
    assert digests(folder / "results") == clean


def planned(folder):
    jobs = done(snakemake(folder, "-n", "tiny")).jobs
    return [name for name in EVERYTHING if name in jobs]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_has_changed_is_seen_in_every_state_of_a_folder(tiny, fresh, state, change):
    folder = state(tiny, fresh)
    wanted = change(folder)
    assert planned(folder) == (EVERYTHING if state is with_files_missing else wanted)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_after_a_change_the_run_gives_the_bytes_of_a_clean_run_in_every_state(tiny, fresh, tmp_path, state):
    folder = state(tiny, fresh)
    clean = fresh(tmp_path / "clean")
    for place in (folder, clean):
        changed_plan(place)
        done(snakemake(place, "tiny"))
    assert digests(folder / "results/tiny") == digests(clean / "results/tiny")
    index = [(place / "results/index.html").read_text(encoding="utf-8") for place in (folder, clean)]
    assert index[0] == index[1], "a run of one study makes the index again"
    assert {row["data"] for row in read_csv(folder / "results/tiny/estimates.csv")} == {"real"}
    assert planned(folder) == []
    assert omtrace(folder, "verify", "tiny").code == 0
