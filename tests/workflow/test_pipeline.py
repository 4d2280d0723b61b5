"""Whole runs: golden results, custody, bad input, what is run again and what not, killed runs, retrieval.

All runs happen in copies of the pipeline with the tiny study (tests/tiny) and a second, retrieved one, ``far``.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from omtrace.model.register import read_register, sha256_of, write_register
from omtrace.store import read_csv
from pipeline import GOLDEN, KEPT, TINY, Ran, digests, done, omtrace, snakemake, started

RECORDED = ("record_manifest", "write_index")
RENDERED = ("render_results", *RECORDED)
ANALYSED = ("analyse_datasets", *RENDERED)
EVERYTHING = ("validate_exports", "derive_datasets", *ANALYSED)

REGISTER, PLAN, CONFIG = "config/exports.csv", "config/studies/tiny.yaml", "config/config.yaml"
DIARY, QUESTIONNAIRES, ALLOCATION = (f"data/raw/tiny/{name}.csv" for name in ("diary", "questionnaires", "allocation"))
FAR = "data/raw/far/runs.csv"
LIBRARY = "workflow/omtrace"


def edited(path: Path, old: str, new: str) -> None:
    """Replace a text that stands there once, and put the time stamps back."""
    state, text = path.stat(), path.read_bytes().decode()
    assert text.count(old) == 1, (path, old)
    path.write_bytes(text.replace(old, new).encode())
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def stopped(ran: Ran, *wanted: str) -> None:
    """The run ended before any job, with these texts in plain lines, one fault each, and no traceback."""
    assert ran.code == 1, ran.text
    assert "Traceback" not in ran.text and "Exception" not in ran.text, ran.text
    assert "Execute" not in ran.text and not ran.jobs, ran.text
    assert len(ran.faults) == len(wanted), ran.text
    for text in wanted:
        assert any(text in line for line in ran.faults), (text, ran.faults)


def planned(folder: Path) -> dict[str, int]:
    """The jobs that a run would do now, without the rule that only gathers them."""
    return {name: count for name, count in done(snakemake(folder, "-n")).jobs.items() if name != "default"}


def edits_tried(copy: Callable[[Path], Path], folder: Path, edits: list, call: Callable) -> list:
    """What ``call`` gives in a copy for each edit (file, old, new, ...), two at a time."""

    def tried(number: int):
        file, old, new, *_ = edits[number]
        edited(copy(folder / str(number)) / file, old, new)
        return call(folder / str(number))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(tried, range(len(edits))))


# golden, again, elsewhere


def test_tiny_study_gives_the_golden_numbers(tiny_twins):
    folder = tiny_twins[0][0]
    for name, path in KEPT.items():
        found, golden = read_csv(folder / path), read_csv(GOLDEN / name)
        assert len(found) == len(golden), name
        for mine, kept in zip(found, golden, strict=True):
            if name == "estimates.csv":
                value, wanted = mine.pop("value"), kept.pop("value")
                assert (value == "") == (wanted == ""), mine
                assert value == "" or float(value) == pytest.approx(float(wanted), rel=1e-9, abs=1e-12), mine
            assert mine == kept


def test_two_fresh_runs_in_other_folders_differ_in_no_byte(tiny_twins):
    (one, ran), (two, other) = tiny_twins
    results = digests(one / "results")
    assert len(results) > 15 and results == digests(two / "results")
    assert digests(one / "logs") == digests(two / "logs")
    head = ran.text.partition("head digest of tiny:\n")[2][:64]
    assert head and head in other.text
    assert omtrace(two, "verify", "--head", head).code == 0


def test_second_run_has_nothing_to_do(tiny):
    before = digests(tiny / "results")
    ran = done(snakemake(tiny))
    assert "Nothing to be done" in ran.text and not ran.jobs
    assert digests(tiny / "results") == before


def test_clean_copy_plans_every_stage_writes_no_result_and_lints(fresh, tmp_path):
    folder = fresh(tmp_path)
    assert planned(folder) == dict.fromkeys(EVERYTHING, 1)
    assert {path.parent.name for path in (folder / "results").rglob("*") if path.is_file()} == {"stages"}
    assert {path.name for path in (folder / "logs").rglob("*") if path.is_file()} == {"plan.checked"}
    assert "Congratulations" in done(snakemake(folder, "--lint")).text


# custody


def test_a_result_that_is_missing_is_made_again(tiny):
    before = digests(tiny / "results")
    (tiny / "results/tiny/estimates.csv").unlink()
    shutil.rmtree(tiny / "results/tiny/figures")
    done(snakemake(tiny))
    assert digests(tiny / "results") == before


def test_raw_file_edited_with_its_old_time_stamp_stops_the_run(tiny):
    before = digests(tiny / "results")
    edited(tiny / DIARY, "T01,-3,1,1,4,1", "T01,-3,1,1,5,1")
    ran = snakemake(tiny)
    stopped(ran, "copy the file back as it was received, from your backup")
    assert ran.faults[0].startswith(f"{DIARY}: sha256 is ")
    assert f"omtrace register --replaces {DIARY} NEW_FILE" in ran.faults[0]
    assert digests(tiny / "results") == before


def test_every_fault_of_custody_is_told_at_once_with_its_mend(tiny):
    before = digests(tiny / "results")
    raw = tiny / "data/raw"
    for name in ("{study}.csv", "my diary.csv", "two\nlines.csv", "more.csv", ".hidden.csv.x.part"):
        (raw / "tiny" / name).write_text("x\n")
    (raw / "loose.csv").write_text("x\n")
    (tiny / ALLOCATION).unlink()
    rename = "the name may hold letters, digits, dot, hyphen and underscore only; rename the file"
    stopped(
        snakemake(tiny),
        "data/raw/loose.csv: lies outside a study's folder; move it to data/raw/<study>/",
        "'data/raw/tiny/{study}.csv': " + rename,
        "'data/raw/tiny/my diary.csv': " + rename,
        "'data/raw/tiny/two\\nlines.csv': " + rename,
        "'data/raw/tiny/.hidden.csv.x.part': " + rename,
        "data/raw/tiny/more.csv: not in the register; omtrace register data/raw/tiny/more.csv",
        f"{ALLOCATION}: registered as received, but missing; copy the file back as it was received, from your backup",
    )
    assert digests(tiny / "results") == before


def test_faults_of_register_plan_and_configuration_are_plain_lines(fresh, tmp_path):
    edits = [
        (REGISTER, "3,tiny,diary", "2,tiny,diary", f"{REGISTER}: line 4: column number: the same as another row's"),
        (REGISTER, ",retrieved,", ",found,", f"{REGISTER}: line 5: column origin: not one of shipped"),
        (PLAN, "skip_blank:", "skip_blanks:", "allocation.skip_blanks: unknown key; did you mean 'skip_blank'?"),
        (PLAN, "design:", "desing:", "desing: unknown key; did you mean 'design'?", "design: missing"),
        (PLAN, "datasets:\n", "datasets: [\n", "not readable as YAML"),
        (CONFIG, "- tiny", "- tinny", "config/studies/tinny.yaml: there is no such plan"),
        (CONFIG, "- tiny", "- far", f"{CONFIG}: listed more than once: far"),
        (CONFIG, "mirror:", "miror:", "miror: unknown key; did you mean 'mirror'?"),
    ]
    for edit, ran in zip(edits, edits_tried(fresh, tmp_path, edits, snakemake), strict=True):
        stopped(ran, *edit[3:])


# bad input


def replaced(folder: Path, *paths: str) -> None:
    """Make the register say what the changed raw files hold."""
    rows = read_register(folder / REGISTER)
    changed = [replace(row, sha256=sha256_of(folder / row.path)) if row.path in paths else row for row in rows]
    write_register(changed, folder / REGISTER)


def failed_validation(folder: Path, wanted: list[str], secrets: list[str]) -> None:
    """A run fails in validation, tells each wanted place, and shows no secret but in the confidential table."""
    ran = snakemake(folder)
    assert ran.code == 1 and ran.jobs["validate_exports"] == 1, ran.text
    assert "Traceback (most recent call last)" not in ran.text, ran.text
    for text in wanted:
        assert any(line.startswith(text) for line in ran.faults), (text, ran.faults)
    assert len(ran.faults) == len(wanted) + 1, ran.faults  # and the summary
    assert "logs/tiny/findings.csv (confidential)" in ran.faults[-1]
    assert [path.name for path in (folder / "results/tiny").iterdir()] == ["stages"]
    files = [path for part in ("logs", ".snakemake") for path in (folder / part).rglob("*") if path.is_file()]
    told = {str(path): path.read_bytes().decode("latin-1") for path in files if path.name != "findings.csv"}
    assert any(wanted[0] in text for text in told.values())
    for secret in secrets:
        assert secret not in ran.text
        assert [path for path, text in told.items() if secret in text] == []


def test_stopping_findings_are_told_by_place_and_never_by_value(fresh, tmp_path):
    folder = fresh(tmp_path)
    faults = [  # file, begin of the row, what stands next, what comes instead, column, rule, secret
        (QUESTIONNAIRES, "T01,month_1_arm_1,,4,", "4,", "seven77,", "hit6_2", "type", "seven77"),
        (QUESTIONNAIRES, "T05,month_1_arm_1,,3,3,3,", "9,", "8317,", "hit6_4", "range", "8317"),
        (QUESTIONNAIRES, "T07,month_1_arm_1,,3,3,3,3,3,3,60,", "2", "4455", "hit6_complete", "form_status", "4455"),
        (QUESTIONNAIRES, "T08,baseline_arm_1,,4,5,4,4,4,5,70,2", "", ",surplus99", "", "row_width", "surplus99"),
        (ALLOCATION, "9,A,3,", "sham,,", "shammy,T66,5.3.24", "arm", "allowed", "shammy"),
        (ALLOCATION, "9,A,3,", "", "", "allocated_on", "date_mixed", "5.3.24"),
        (DIARY, "T04,1,1,0,3,", "0", "maybe88", "acute_medication", "code", "maybe88"),
        (DIARY, "", "T99,", "Q4711,", "participant_id", "reference", "Q4711"),
    ]
    places = []
    for file, begin, old, new, column, rule, _ in faults:
        text = (folder / file).read_text(encoding="utf-8")
        line = 1 + text[: text.index(begin + old)].count("\n")
        places.append(f"{file}: line {line}{', column ' + column if column else ''}: {rule}: ")
        edited(folder / file, begin + old, begin + new)
    rules = ", ".join(f"{rule}: stop" for rule in dict.fromkeys(fault[5] for fault in faults))
    edited(folder / PLAN, "severities: {form_status: quarantine, ", f"severities: {{{rules}, ")
    replaced(folder, QUESTIONNAIRES, ALLOCATION, DIARY)
    failed_validation(folder, places, [fault[6] for fault in faults])
    findings = (folder / "logs/tiny/findings.csv").read_text(encoding="utf-8")
    assert [secret for *_, rule, secret in faults if rule != "row_width" and secret not in findings] == []


def test_unreadable_files_are_told_without_a_traceback(fresh, tmp_path):
    folder = fresh(tmp_path)
    (folder / DIARY).write_bytes(b"\x00\xff\xfe\x93secret-bytes\x00" * 40)
    edited(folder / QUESTIONNAIRES, "hit6_5,hit6_6,", "hit6_five,hit6_6,")
    replaced(folder, DIARY, QUESTIONNAIRES)
    (folder / ALLOCATION).write_bytes(b"")  # which the register command would refuse
    registered = next(row for row in read_csv(folder / REGISTER) if row["path"] == ALLOCATION)["sha256"]
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    edited(folder / REGISTER, registered, nothing)
    wanted = [
        f"{ALLOCATION}: unreadable: ",
        f"{DIARY}: unreadable: ",
        f"{QUESTIONNAIRES}: line 1, column hit6_5: column_missing: ",
    ]
    failed_validation(folder, wanted, ["secret-bytes"])


# what is run again


def test_touched_files_run_nothing_again(tiny):
    for path in [path for part in ("data", "config", "workflow") for path in (tiny / part).rglob("*")]:
        path.touch()
    assert planned(tiny) == {}


def test_edits_with_old_time_stamps_run_exactly_what_they_change(tiny, tmp_path):
    edits = [
        (f"{LIBRARY}/statistics/basic/descriptive.py", "import math\n", "import math  # a comment\n", ANALYSED),
        (f"{LIBRARY}/statistics/curves/four_pl.py", "import numpy", "# A comment.\nimport numpy", RECORDED),
        (f"{LIBRARY}/instruments/hit6.py", '"""\n\nfrom', '"""\n\n# A comment.\nfrom', EVERYTHING),
        (f"{LIBRARY}/report/templates/style.css", "@media print {", "/* a comment */\n@media print {", RENDERED),
        ("workflow/scripts/render_results.py", "with recorded", "# A comment.\nwith recorded", RENDERED),
        (PLAN, "title: Means by visit", "title: The means by visit", RENDERED),
        (PLAN, "group: OMT, reference: sham", "group: sham, reference: OMT", ANALYSED),
        (PLAN, '{"0": "0", "1": "1"}', '{"0": "1", "1": "0"}', EVERYTHING),
        (PLAN, "quarantine, column_undeclared: note", "note, column_undeclared: quarantine", EVERYTHING),
        (REGISTER, "diary.csv,,", "diary.csv,lot 2,", EVERYTHING),
        ("envs/requirements.lock", "\nnumpy==", "\nnumpy ==", EVERYTHING),
    ]
    outcomes = edits_tried(lambda folder: shutil.copytree(tiny, folder), tmp_path / "edits", edits, planned)
    for (file, old, new, wanted), jobs in zip(edits, outcomes, strict=True):
        assert jobs == dict.fromkeys(wanted, 1), (file, old, new)


# killed runs


def killed(folder: Path, is_time: Callable[[], bool]) -> bool:
    """Start a run and kill its whole process group when it is time; False if it ended before."""
    process = started(folder, "-m", "snakemake")
    while process.poll() is None and not is_time():
        time.sleep(0.002)
    was_running = process.poll() is None
    if was_running:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return was_running


def test_killed_runs_leave_nothing_half_written_and_go_on(tiny_twins, fresh, tmp_path):
    """Killed as a certain file appears; at random moments: ``test_survival``."""
    clean, folder = digests(tiny_twins[0][0] / "results"), fresh(tmp_path)
    results = folder / "results/tiny"
    moments = {  # what appears -> half-written files that a kill at another moment of the same job would leave
        "validated/*": ("logs/tiny/.findings.csv.ab1.part", "results/tiny/validated/.places.parquet.ab1.part"),
        "rowsets.parquet": ("results/tiny/.estimates.csv.ab1.part",),
        "figures/*.svg": ("results/tiny/figures/.means.png.ab1.part",),
        "report.html": ("results/tiny/.manifest.json.ab1.part",),
    }
    for pattern, unfinished in moments.items():
        assert killed(folder, lambda pattern=pattern: any(results.glob(pattern))), pattern
        for path in unfinished:
            (folder / path).write_text("half of it")
        left = {path: digest for path, digest in digests(folder / "results").items() if not path.endswith(".part")}
        assert left.items() <= clean.items()
        if any((folder / ".snakemake/locks").glob("*")):
            done(snakemake(folder, "--unlock"))
    done(snakemake(folder))
    assert digests(folder / "results") == clean
    assert [path for part in ("logs", "data") for path in (folder / part).rglob("*.part")] == []
    assert planned(folder) == {}


# retrieval


def test_retrieved_export_without_mirror_and_network_says_what_to_do_and_holds_up_no_other_study(tiny):
    (tiny / "results/tiny/manifest.json").unlink()
    ran = snakemake(tiny, "-k", "tiny", "far")
    assert ran.code == 1 and "Traceback" not in ran.text, ran.text
    assert (tiny / "results/tiny/manifest.json").exists() and not (tiny / FAR).exists()
    said = "\n".join(ran.faults)
    registered = read_csv(tiny / REGISTER)[-1]
    for text in (
        f"{FAR}: export runs of far could not be retrieved",
        f"{registered['address']}: no answer",
        registered["citation"],
        registered["sha256"],
        f"put it at {FAR}",
        "OMTRACE_MIRROR",
        "run snakemake again",
    ):
        assert text in said
    assert (tiny / "logs/retrieve/far/runs.csv.log").read_text().replace("omtrace: ", "").strip() == said


def test_retrieved_study_runs_from_a_mirror_while_another_study_is_at_fault(tiny):
    edited(tiny / DIARY, "T01,-3,1,1,4,1", "T01,-3,1,1,5,1")
    edited(tiny / CONFIG, 'mirror: ""', f"mirror: {TINY / 'mirror'}")
    (tiny / FAR).parent.mkdir(parents=True)
    half = tiny / FAR.replace("runs.csv", ".runs.csv.ab1.part")  # as a killed retrieval leaves it
    half.write_text("Run,co")
    done(snakemake(tiny, "far"))
    assert (tiny / FAR).read_bytes() == (TINY / "mirror/as_published.csv").read_bytes() and not half.exists()
    assert {row["statistic"]: row["value"] for row in read_csv(tiny / "results/far/estimates.csv")}["n"] == "4"
    stopped(snakemake(tiny, "tiny"), f"{DIARY}: sha256 is ")

    (tiny / FAR).write_text("other bytes\n")
    stopped(snakemake(tiny, "far"), f"rm {FAR}, to retrieve it again")
    assert (tiny / FAR).read_text() == "other bytes\n"


def test_the_index_lists_a_retrieved_study_of_the_same_run(tiny):
    done(snakemake(tiny, "default", "far", mirror=str(TINY / "mirror")))
    index = (tiny / "results/index.html").read_text(encoding="utf-8")
    assert "tiny/report.html" in index and "far/report.html" in index
    assert planned(tiny) == {}
    done(snakemake(tiny, "-F", "write_index"))
    assert (tiny / "results/index.html").read_text(encoding="utf-8") == index


def test_forced_runs_keep_a_retrieved_file_that_nobody_can_bring_again(fresh, tmp_path):
    folder = fresh(tmp_path)
    done(snakemake(folder, FAR, mirror=str(TINY / "mirror")))
    content = (folder / FAR).read_bytes()
    done(snakemake(folder, "-F", FAR))
    assert (folder / FAR).read_bytes() == content
    # Forced, and with a fault in the job itself: another digest is registered meanwhile.
    edited(folder / REGISTER, read_csv(folder / REGISTER)[-1]["sha256"], "0" * 64)
    ran = snakemake(folder, "-F", FAR)
    assert ran.code == 1 and f"to retrieve it anew: rm {FAR}" in ran.err, ran.text
    assert (folder / FAR).read_bytes() == content
