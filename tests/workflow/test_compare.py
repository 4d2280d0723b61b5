"""Two results compared: what became of each number, and perturbations that are each given their true cause."""

import csv
import hashlib
import io
import json
import os
import platform
import random
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from estimates import estimate
from omtrace.audit.compare import State, compare, compared, state_of
from omtrace.audit.packet import release
from omtrace.audit.rerun import rerun
from omtrace.audit.sides import side_of
from omtrace.audit.upstream import Kind
from omtrace.faults import Fault
from omtrace.intake.plan_check import read_whole
from omtrace.model.register import read_register
from pipeline import TINY, digests, done, omtrace

# A seeded fifth in the usual tests; all where nothing may be skipped.
COUNT = 50 if os.environ.get("OMTRACE_NO_SKIPS") else 10
POWER = """
  power:
    method: trial_size
    dataset: participants
    title: Size of a later trial
    parameters: [hit6_total]
    visits: [month_1]
    options: {difference: 4, source: a test, replicates: 40, seed: 1}
"""


@dataclass
class Study:
    """A folder with the tiny study, which can be edited and computed."""

    root: Path

    @property
    def plan(self) -> Path:
        return self.root / "config/studies/tiny.yaml"

    def edit_plan(self, way, value):
        content = yaml.safe_load(self.plan.read_text(encoding="utf-8"))
        node = content
        for key in way[:-1]:
            node = node.setdefault(key, {})
        assert node.get(way[-1]) != value
        node[way[-1]] = value
        self.plan.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def edit_raw(self, name, line, column, text):
        path = self.root / "data/raw/tiny" / name
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        rows[line - 1][rows[0].index(column)] = text
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        before = hashlib.sha256(path.read_bytes()).hexdigest()
        path.write_text(buffer.getvalue(), encoding="utf-8")
        register = self.root / "config/exports.csv"
        after = hashlib.sha256(path.read_bytes()).hexdigest()
        register.write_text(register.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")

    def compute(self):
        exports = read_register(self.root / "config/exports.csv")
        folder = self.root / "results/tiny"
        shutil.rmtree(folder, ignore_errors=True)
        rerun(read_whole(self.plan), exports, self.root, folder)
        return self


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    root = tmp_path_factory.mktemp("base")
    for part in ("config", "data"):
        shutil.copytree(TINY / part, root / part)
    (root / "envs").mkdir()
    (root / "envs/requirements.lock").write_text("numpy==2.4.0 \\\n    --hash=sha256:ab\nscipy==1.17.0\n")
    return Study(root).compute()


@pytest.fixture
def copy(base, tmp_path):
    return Study(shutil.copytree(base.root, tmp_path / "copy"))


def both(base, copy):
    with ExitStack() as shelf:
        return compared(side_of(str(base.root), "", shelf), side_of(str(copy.root), "", shelf))


def changed(comparison):
    return [n for n in comparison.numbers if n.state is not State.IDENTICAL]


# perturbations: each edits a copy, and says what the cause of every number that it changes is


def first_lines(path):
    """The physical line on which each row begins, header apart; a quoted cell may span lines."""
    reader = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    next(reader)
    lines, line = [], reader.line_num
    for _ in reader:
        lines.append(line + 1)
        line = reader.line_num
    return lines


def raw_cell(copy, chance):
    name, columns = chance.choice(
        [("questionnaires.csv", [f"hit6_{n}" for n in range(1, 7)]), ("diary.csv", ["migraine"])]
    )
    path = copy.root / "data/raw/tiny" / name
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    rows = list(reader)
    lines = first_lines(path)
    columns = [column for column in columns if column in rows[0]]
    column, at = chance.choice(columns), chance.randrange(len(rows))
    others = sorted({row[column] for row in rows} - {rows[at][column], "", "-99"})
    text = chance.choice([o for o in others if o.strip().isdigit()])
    copy.edit_raw(name, at + 2, column, text)
    copy.compute()
    return Kind.RAW_CELL, [f"{name}, line {lines[at]}", f"column {column}: {rows[at][column] or 'empty'} -> {text}"]


PLANS = [
    (("datasets", "participants", "parameters", "hit6_responder", "options", "at_least"), [2, 4, 8, 10, 12]),
    (("datasets", "participants", "parameters", "migraine_days", "options", "at_least"), [1, 3]),
    (("datasets", "participants", "parameters", "migraine_days", "options", "per"), [7, 14, 30]),
    (("datasets", "participants", "populations", "full", "where"), ["arm == 'OMT' or arm == 'none'"]),
    (("analyses", "primary", "options", "level"), [0.9, 0.8, 0.99]),
    (("analyses", "scores", "options", "level"), [0.9, 0.8, 0.99]),
    (("analyses", "unadjusted", "options", "level"), [0.9, 0.8, 0.99]),
    (("tables", "hit6", "bounds"), [{"hit6_1": [9, 13]}]),
]


def plan_key(copy, chance):
    way, values = chance.choice(PLANS)
    copy.edit_plan(way, chance.choice(values))
    copy.compute()
    return Kind.PLAN, [".".join(way)]


def other_numbers(copy, monkeypatch, level=""):
    """Numbers (of one level) as a mistake in a module, another version of a library or other draws would make them."""
    from omtrace.analyses import run

    real = run.stored_text
    factor = {True: 1.01, False: 1}
    monkeypatch.setattr(
        run, "stored_text", lambda n: real(n._replace(value=n.value * factor[not level or n.level == level]))
    )
    copy.compute()
    monkeypatch.undo()


def edit_stage(copy, change):
    path = copy.root / "results/tiny/stages/analyse.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_copy_has_every_number_identical(base, copy):
    comparison = both(base, copy)
    assert comparison.counts == {**dict.fromkeys(State, 0), State.IDENTICAL: len(comparison.numbers)}
    assert comparison.upstream == []


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_perturbation_is_given_its_true_cause(base, copy, seed):
    chance = random.Random(seed)
    perturb = raw_cell if seed % 2 else plan_key
    for _ in range(20):  # some edits change no number: another value of a cell that a rule had taken out
        kind, words = perturb(copy, chance)
        comparison = both(base, copy)
        differing = changed(comparison)
        if differing:
            break
        shutil.rmtree(copy.root)
        shutil.copytree(base.root, copy.root)
    assert differing
    for number in differing:
        cause = number.causes[0]
        assert cause.kind is kind and all(word in cause.words for word in words), (number, words)
    assert len(comparison.by_cause()) == 1


def test_a_raw_cell_and_a_key_of_the_plan_are_each_given_their_numbers(base, copy):
    copy.edit_raw("diary.csv", 2, "migraine", "0" if "1" in diary_cell(base, 2, "migraine") else "1")
    copy.edit_plan(("analyses", "primary", "options", "level"), 0.9)
    copy.compute()
    for number in changed(both(base, copy)):
        expected = Kind.PLAN if " primary " in f" {number.name} " else Kind.RAW_CELL
        assert number.causes[0].kind is expected, number


def diary_cell(study, line, column):
    path = study.root / "data/raw/tiny/diary.csv"
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))[line - 2][column]


@pytest.mark.parametrize("kind", [Kind.CODE, Kind.ENVIRONMENT, Kind.SEED])
def test_code_environment_and_seed_are_told_apart(base, copy, monkeypatch, kind):
    if kind is Kind.SEED:
        for study in (base, copy):
            text = study.plan.read_text(encoding="utf-8")
            if "power:" not in text:
                study.plan.write_text(text.replace("figures:\n", POWER.lstrip("\n") + "figures:\n"), encoding="utf-8")
        base.compute()
        copy.edit_plan(("analyses", "power", "options", "seed"), 2)
        other_numbers(copy, monkeypatch, "what the data tell")  # three participants an arm leave nothing to draw for
        words = "analyses.power.options.seed: 1 -> 2"
    else:
        other_numbers(copy, monkeypatch)
        if kind is Kind.CODE:
            edit_stage(copy, lambda c: c["code"].update({"omtrace/statistics/basic/descriptive.py": "0" * 64}))
            words = "omtrace/statistics/basic/descriptive.py, first used by analyse"
        else:
            for study, version in ((base, "2.4.0"), (copy, "2.4.1")):
                lock = study.root / "envs/requirements.lock"
                lock.write_text(f"numpy=={version} \\\n    --hash=sha256:ab\nscipy==1.17.0\n")
                digest = hashlib.sha256(lock.read_bytes()).hexdigest()
                edit_stage(study, lambda c, d=digest: c["environment"].update({"envs/requirements.lock": d}))
            words = "numpy 2.4.0 -> 2.4.1"
    differing = changed(both(base, copy))
    assert differing
    assert {(n.causes[0].kind, words in n.causes[0].words) for n in differing} == {(kind, True)}


def test_an_edited_result_is_not_explained_by_anything_else(base, copy):
    from omtrace.provenance.listings import listing

    for study in (base, copy):
        folder = study.root / "results/tiny"
        text = listing([folder / "stages/analyse.json"], [folder / "estimates.csv"], folder)
        (folder / "stages/analyse.sha256").write_text(text)
    path = copy.root / "results/tiny/estimates.csv"
    row = next(r for r in csv.DictReader(io.StringIO(path.read_text())) if r["value"] and "." in r["value"])
    path.write_text(path.read_text().replace(f",{row['value']},", ",9.75,", 1))
    (number,) = changed(both(base, copy))
    assert number.causes[0].kind is Kind.EDIT


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        ("1.5", "1.5", State.IDENTICAL),
        ("1.5", "1.5000000001", State.CLOSE),
        ("1.51", "1.52", State.DISPLAYED),
        ("1.5", "1.6", State.CHANGED),
        ("", "1.6", State.CHANGED),
        (None, "1.6", State.NEW),
        ("1.5", None, State.MISSING),
    ],
)
def test_what_became_of_a_number(before, after, state):
    rows = [None if value is None else estimate(value=value, decimals=1) for value in (before, after)]
    assert state_of(*rows) is state


def test_a_packet_is_compared_with_the_folder_that_it_is_of(tiny):
    release("tiny", root=tiny)
    ran = done(omtrace(tiny, "compare", "releases/tiny.zip", "results/tiny", "--json"))
    counts = json.loads(ran.out)["counts"]
    assert counts["identical"] == sum(counts.values()) > 0
    shutil.copytree(tiny / "results/tiny", tiny / "elsewhere")
    assert "identical" in done(omtrace(tiny, "compare", "elsewhere", "results/tiny")).out


# revisions of git


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tiny):
    """The tiny study with its results, under git: a commit of what they were made of, and one with another plan."""
    git(tiny, "init", "--quiet")
    git(tiny, "add", "config", "data/raw", "envs", "profiles", "workflow", "Snakefile")
    git(tiny, "commit", "--quiet", "-m", "as it was run")
    Study(tiny).edit_plan(("analyses", "primary", "options", "level"), 0.9)
    git(tiny, "commit", "--quiet", "-a", "-m", "another level")
    return tiny


def test_two_revisions_are_compared_and_the_key_of_the_plan_is_named(repository):
    before = digests(repository / "results")
    ran = omtrace(repository, "compare", "HEAD~1", "HEAD", "--study", "tiny", "--json")
    content = json.loads(ran.out)
    assert "counts" in content, ran.text
    assert ran.code == 1 and content["counts"]["changed"] > 0 and not content["counts"]["missing"]
    assert {number["cause"] for number in content["numbers"]} == {"plan: analyses.primary.options.level: absent -> 0.9"}
    first, second, environment = (note for note in content["notes"] if "in its lock" not in note)
    assert first.startswith("HEAD~1: commit ") and first.endswith("its numbers are those of this checkout")
    assert second.startswith("HEAD: commit ") and second.endswith("run here, in a temporary folder")
    assert f"Python {platform.python_version()}" in environment
    assert digests(repository / "results") == before
    listed = subprocess.run(["git", "-C", str(repository), "worktree", "list"], capture_output=True, text=True)
    assert len(listed.stdout.splitlines()) == 1


def test_results_that_are_here_stand_for_their_revision_only_as_they_were_made(repository, monkeypatch):
    from omtrace.audit import revisions

    monkeypatch.chdir(repository)
    monkeypatch.setattr(revisions, "run", lambda home, study: pytest.fail("it was run"))
    assert set(compare("HEAD~1", "results/tiny").counts.items()) >= {("changed", 0), ("missing", 0)}
    path = repository / "results/tiny/estimates.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    monkeypatch.setattr(revisions, "run", lambda home, study: (_ for _ in ()).throw(Fault("it is run")))
    for name in ("HEAD~1", "HEAD"):
        with pytest.raises(Fault, match="it is run"):
            compare(name, "results/tiny")


def test_packages_of_another_version_than_the_lock_of_a_revision_are_named(tmp_path):
    from importlib.metadata import version

    from omtrace.audit.revisions import lock_differences

    assert list(lock_differences(tmp_path)) == []
    (tmp_path / "envs").mkdir()
    lines = [f"scipy=={version('scipy')} \\", "numpy==0.1 \\", "of-windows==1.0 ; os_name == 'nt' \\", "gone==2.0"]
    (tmp_path / "envs/requirements.lock").write_text("\n".join(lines))
    said = f"numpy 0.1 in its lock, {version('numpy')} here, gone 2.0 in its lock, not installed here"
    assert list(lock_differences(tmp_path)) == [said]


def test_a_revision_without_the_study_or_its_raw_files_is_refused(repository, monkeypatch):
    monkeypatch.chdir(repository)
    with pytest.raises(Fault, match="HEAD: has no study other"):
        compare("HEAD", "HEAD~1", "other")
    with pytest.raises(Fault, match="neither a packet nor a folder with results"):
        compare("no-such-tag", "HEAD", "tiny")
    git(repository, "rm", "--quiet", "data/raw/tiny/diary.csv")
    git(repository, "commit", "--quiet", "-m", "without a file")
    with pytest.raises(Fault, match="raw files that are not there"):
        compare("HEAD", "results/tiny")


def test_what_is_no_result_is_refused(base, tmp_path):
    with pytest.raises(Fault, match="neither a packet nor a folder with results"):
        compare(str(tmp_path), str(base.root))
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(Fault, match="not a packet"):
        compare(str(tmp_path / "x.zip"), str(base.root))
