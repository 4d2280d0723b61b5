"""The command ``omtrace``: help, version, folder, exit codes, JSON, start-up."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lineage_tree import COUNT, MEAN, build, overwrite
from omtrace import __version__
from omtrace.audit.trace import trace
from omtrace.cli import main
from omtrace.cli.application import MODULES, application
from omtrace.cli.exit_codes import MEANINGS, ExitCode, of_severities
from omtrace.cli.project import PACKAGE, project_folder
from pipeline import environment

ROOT = Path(__file__).parents[2]
RATS = "data/raw/rat_two_hit"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rats(tmp_path, monkeypatch):
    """The rats' raw files with register and plans, and a copy of the cages elsewhere."""
    home = tmp_path / "home"
    shutil.copytree(ROOT / "config", home / "config")
    shutil.copytree(ROOT / RATS, home / RATS)
    monkeypatch.chdir(home)
    return home


def test_a_format_of_exports_that_there_is_not_is_a_usage_error_that_names_those_there_are(capsys):
    assert main(["export", "omt_rct", "--to", "pdf"]) == 2
    assert "'pdf' is not one of csv, docx, latex, md, rtf, xlsx, adam, ars, pzfx, html" in capsys.readouterr().err


@pytest.mark.parametrize("command", MODULES)
def test_the_help_of_every_command_has_a_sentence_and_an_example_of_it(command, capsys):
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    sentence = text.split("\n\n")[1].strip()
    assert sentence[0].isupper() and sentence.endswith(".")
    assert f"Example: omtrace {command}" in text
    assert all(
        parameter.help for parameter in application.get_command(None, command).params if parameter.opts[0][0] == "-"
    )


def test_the_examples_are_command_lines_that_are_understood(rats):
    for name in MODULES:
        command = application.get_command(None, name)
        words = re.sub(r" >.*|'[^']*'", " x", command.epilog.removeprefix(f"Example: omtrace {name}")).split()
        command.make_context(name, [word for word in words if word != "x" or "--reason" in words])


def test_the_help_lists_every_command_and_every_exit_code(capsys):
    assert main(["-h"]) == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"^  {name} +[A-Z]", text, re.MULTILINE) for name in MODULES)
    assert all(f"    {code.value:<4} {meaning}" in text for code, meaning in MEANINGS.items())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(re.search(rf"^\| {code.value} \| {meaning}", readme, re.MULTILINE) for code, meaning in MEANINGS.items())


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"omtrace {__version__}\n"


def test_an_unknown_command_gets_the_nearest(capsys):
    assert main(["trcae", MEAN]) == 2
    assert "there is no command 'trcae'; did you mean 'trace'?" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_complete_commands_options_and_studies(shell, rats, capsys):
    assert main(["--completion", shell]) == 0
    assert "_OMTRACE_COMPLETE" in capsys.readouterr().out
    words = {"COMP_WORDS": "omtrace changes rat_", "COMP_CWORD": "2" if shell != "fish" else "rat_"}
    variables = {**environment(ROOT), "_OMTRACE_COMPLETE": f"{shell}_complete", **words}
    code = "import sys; sys.argv[0] = 'omtrace'; from omtrace.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=rats, env=variables, capture_output=True, text=True, check=False
    )
    assert "rat_two_hit" in done.stdout and "omt_rct" not in done.stdout


# the folder


def test_the_project_is_found_from_a_folder_within(tree, monkeypatch, capsys):
    expected = trace(MEAN)[0]
    below = tree / "data/raw/tiny"
    assert project_folder(below) == tree
    for result in (
        MEAN,
        f"tiny#{MEAN}",
        f"results/tiny/report.html#{MEAN}",
        f"../../../results/tiny/report.html#{MEAN}",
    ):
        monkeypatch.chdir(below)
        assert main(["trace", result, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == expected and Path.cwd() == tree


def test_paths_count_from_the_folder_in_which_they_are_typed(rats, monkeypatch, capsys):
    (rats.parent / "desk").mkdir()
    shutil.copy(rats / RATS / "cages.csv", rats.parent / "desk/new.csv")
    for folder, name in ((rats / RATS, "cages.csv"), (rats / RATS, f"{RATS}/cages.csv"), (rats, f"{RATS}/cages.csv")):
        monkeypatch.chdir(folder)
        assert main(["check", name]) == 0
        assert capsys.readouterr().out.startswith("1 file: 0 stop")
    monkeypatch.chdir(rats.parent / "desk")
    assert (
        main(
            [
                "--directory",
                str(rats),
                "check",
                "--study",
                "rat_two_hit",
                "--replaces",
                f"{RATS}/cages.csv",
                str(rats.parent / "desk/new.csv"),
            ]
        )
        == 0
    )
    capsys.readouterr()
    monkeypatch.chdir(rats / "config")
    assert main(["dictionary", "rat_two_hit", "--folder", "made"]) == 0
    assert (rats / "config/made/dictionary.csv").is_file()


@pytest.mark.parametrize("command", [["trace", MEAN], ["verify"], ["check", "a.csv"], ["plan", "tiny"]])
def test_a_folder_without_a_study_is_named(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    assert main(command) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(f"omtrace: {tmp_path}: this folder holds no study") and captured.out == ""
    assert main(["--directory", "nowhere", *command]) == 1
    assert capsys.readouterr().err == "omtrace: nowhere: there is no such folder\n"


def test_what_needs_no_study_works_anywhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["rules"]) == 0 and main(["schema", "config"]) == 0
    assert not list(tmp_path.iterdir())


def test_the_package_of_another_checkout_is_refused(tree, capsys):
    (tree / "workflow/omtrace/__init__.py").write_text("")
    assert main(["trace", MEAN]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"omtrace: {tree} is a checkout with its own package, but this command belongs to ")
    assert str(PACKAGE.parents[1]) in line and line.endswith(f"(make env) and run {tree}/.venv/bin/omtrace")


def test_the_installed_command_is_this_checkouts_and_the_same_as_the_module(tree):
    command = Path(sys.executable).with_name("omtrace")
    if not command.is_file():
        pytest.skip("omtrace is not installed beside this Python; make env installs it")
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    runs = [
        subprocess.run([*start, "trace", "tiny"], cwd=tree, env=variables, capture_output=True, text=True, check=False)
        for start in ([str(command)], [sys.executable, "-m", "omtrace"])
    ]
    assert runs[0].returncode == 0 and (runs[0].stdout, runs[0].stderr) == (runs[1].stdout, runs[1].stderr)
    code = "import omtrace; print(omtrace.__path__[0])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=variables, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == ROOT / "workflow/omtrace"


def make_env(folder):
    """What `make env` would do in a folder, without doing it."""
    command = ["make", "-n", "env", f"PYTHON={sys.executable}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_an_environment_that_was_made_elsewhere_is_made_anew_with_a_sentence(tmp_path):
    for name in ("Makefile", "workflow", "envs"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    ready = tmp_path / ".venv/ready"
    ready.parent.mkdir()
    for made_in, is_fresh in ((str(tmp_path), True), ("/somewhere/else", False), ("", False)):
        ready.write_text(made_in and f"{made_in}\n")
        assert ("Nothing to be done" in make_env(tmp_path)) == is_fresh
        assert ("--no-index --no-deps --no-build-isolation --editable ." in make_env(tmp_path)) != is_fresh
    assert f".venv was made in $(cat .venv/ready), and this is {tmp_path}; it is made anew" in make_env(tmp_path)


# exit codes


@pytest.mark.parametrize(
    ("severities", "code"),
    [([], 0), (["note"], 0), (["note", "warn"], 4), (["warn", "quarantine", "note"], 3), (["warn", "stop"], 1)],
)
def test_the_exit_code_is_that_of_the_worst_severity(severities, code):
    assert of_severities(severities) == code


def cages(rats, old, new):
    """A file beside the register's cages that differs from them."""
    text = (rats / RATS / "cages.csv").read_text(encoding="utf-8")
    assert old in text
    (rats / "cages_new.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    return ["check", "--study", "rat_two_hit", "--table", "cages", "--replaces", f"{RATS}/cages.csv", "cages_new.csv"]


def test_check_exits_with_the_worst_severity_and_never_with_0_for_a_file_that_cannot_be_read(rats, capsys):
    first = (rats / RATS / "cages.csv").read_text(encoding="utf-8").splitlines()[1]
    assert main(cages(rats, first, first)) == ExitCode.FINE
    assert main(cages(rats, first, f"{first},1")) == ExitCode.QUARANTINE
    assert main(cages(rats, "rack_row", "rack")) == ExitCode.FAILED
    arguments = cages(rats, first, first)
    (rats / "cages_new.csv").write_bytes(b"\xff\xfe\x00\xd8")
    assert main(arguments) == ExitCode.FAILED
    capsys.readouterr()
    assert main(["check", "--study", "rat_two_hit", "cages_new.csv"]) == ExitCode.FAILED
    assert "cages_new.csv: no table of the plan can be read from it; is it damaged" in capsys.readouterr().err
    (rats / "cages_new.csv").unlink()
    assert main(arguments) == ExitCode.FAILED


# JSON


def test_check_as_json(rats, capsys):
    assert main([*cages(rats, "rack_row", "rack"), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    (stop,) = (finding for finding in document["findings"] if finding["severity"] == "stop")
    assert (stop["rule"], stop["file"], stop["column"]) == ("column_missing", "cages_new.csv", "rack_row")
    assert stop["meaning"] and stop["fix"] and document["not_checked"] == []
    assert main(["check", "--study", "rat_two_hit", "nothing.csv", f"{RATS}/cages.csv", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["not_checked"] == ["nothing.csv: there is no such file"]


def test_verify_as_json(tree, capsys):
    assert main(["verify", "tiny", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["studies"], document["is_sound"], document["differences"]) == (["tiny"], True, [])
    (tree / "results/tiny/more.csv").write_text("x")
    assert main(["verify", "tiny", "--json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert difference == {"kind": "results", "path": "results/tiny/more.csv", "what": "unlisted", "note": ""}


def test_plan_and_errors_as_json(rats, capsys):
    assert main(["plan", "rat_two_hit", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["study"] == "rat_two_hit" and document["counts"]["analyses"] > 5
    path = rats / "config/studies/rat_two_hit.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("\ndesign:", "\ndesing:", 1), encoding="utf-8")
    assert main(["plan", "rat_two_hit", "--json"]) == 1
    captured = capsys.readouterr()
    errors = json.loads(captured.out)["errors"]
    assert any("desing" in line for line in errors) and captured.err == "".join(f"omtrace: {e}\n" for e in errors)


# trace


def test_a_trace_begins_with_a_summary(tree, capsys):
    assert main(["trace", MEAN]) == 0
    summary = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert summary == [
        "Summary",
        "  value         6 points",
        "  analysis      baseline, by describe",
        "  analysis set  full",
        "  used          2 units, 2 records",
        "  left out      1 unit: blank",
        "  raw files     2 files, as registered; 2 raw cells",
    ]
    overwrite(tree / "data/raw/tiny/scores_2.csv", b"unit_id,score\nP3,7.6\n")
    assert main(["trace", MEAN]) == 1
    assert "  raw files     2 files, 1 not as registered; 2 raw cells" in capsys.readouterr().out


def test_a_trace_of_one_unit_and_of_the_first_rows(tree, capsys):
    assert main(["trace", MEAN, "--unit", "P3"]) == 0
    out = capsys.readouterr().out
    assert "7.5" in out and "4.5" not in out and "2 units, 2 records" in out and "Left out: none" in out
    assert main(["trace", MEAN, "--limit", "1"]) == 0
    out = capsys.readouterr().out
    assert "  ... and 1 more (--limit 0 shows all, --unit those of one unit)" in out
    assert "P1 " in out and "\n  2       P3" not in out
    assert main(["trace", MEAN, "--unit", "P33"]) == 1
    assert "'P33': no unit behind this number; did you mean 'P3'?" in capsys.readouterr().err
    assert main(["trace", COUNT, "--limit", "-1"]) == 2


def test_a_trace_imports_only_what_it_needs(tree):
    code = (
        "import sys; from omtrace.cli import main; code = main(['trace', 'tiny'])\n"
        "heavy = {'typer', 'rich', 'pydantic', 'pandas', 'numpy', 'pyarrow', 'omtrace.cli.intake'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment(ROOT), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
