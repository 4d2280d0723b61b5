"""CONTRIBUTING.md, hooks and CI name what exists; the glossary has each term once; links lead somewhere."""

import importlib
import re
from pathlib import Path

import pytest
import yaml
from omtrace.cli import main
from test_structure import PLUGINS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "config/README.md", ROOT / "tests/README.md"])


def makefile_targets():
    return set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_table_of_new_things_has_every_kind_of_plug_in_with_an_example_that_is_there():
    rows = [line.split(" | ") for line in GUIDE.splitlines() if "`workflow/omtrace/" in line and line.startswith("| ")]
    declared = {}
    for _, module, declares, example, *_ in rows:
        folder = ROOT / re.match(r"`(workflow/omtrace/[\w/]+/)", module)[1]
        assert folder.is_dir() and (folder / example.strip("`")).is_file(), module
        declared[folder.relative_to(ROOT / "workflow/omtrace").as_posix().replace("/", ".")] = declares.strip("`")
    assert declared.pop("cli") == "a click command"
    assert declared.pop("schemas").startswith("a pandera model of the same name")
    assert declared == {part: name for part, (name, *_) in PLUGINS.items()}


def test_tests_and_their_tables_that_the_guide_names_are_there():
    for names, path in re.findall(r"((?:`[A-Z]+`(?:, | or )?)+) in `(tests/\w+\.py)`", GUIDE):
        module = importlib.import_module(Path(path).stem)
        assert all(hasattr(module, name) for name in re.findall(r"`(\w+)`", names)), path
    for path in re.findall(r"(?<![\w/])((?:tests|workflow|docs|\.github)/[\w./-]+\w)(?=[`\s)])", GUIDE):
        assert (ROOT / path).exists() or "<" in path, path


def test_hooks_run_what_is_installed_on_files_that_there_are():
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert local["repo"] == "local"
    assert {hook["id"] for hook in local["hooks"]} == {"ruff", "ruff-format", "snakefmt", "mypy"}
    files = [path.relative_to(ROOT).as_posix() for path in [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*")]]
    for hook in local["hooks"]:
        program, *words = hook["entry"].split()
        assert hook["language"] == "system" and program.startswith(".venv/bin/")
        tool = words[1] if words[0] == "-m" else Path(program).name
        assert re.search(rf"^{tool}==", (ROOT / "envs/requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
        assert any(re.search(hook.get("files", r"\.py$"), file) for file in files)
        for word in words:
            assert word.startswith("-") or word in ("check", "format", tool) or (ROOT / word).exists()


def test_ci_runs_the_readmes_two_commands():
    content = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    runs = [step["run"] for job in content["jobs"].values() for step in job["steps"] if "run" in step]
    assert runs == ["make", "make test"]
    assert {"run", "test", "env"} <= makefile_targets()


def test_the_glossary_has_each_term_once():
    page = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    terms = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    terms = [term for term in terms if term != "term"]
    assert len(terms) > 50 and len(terms) == len(set(terms))
    sources = {int(number) for number in re.findall(r"\[(\d+)\]", page)}
    assert sources == {int(number) for number in re.findall(r"^(\d+)\. ", page, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_commands_of_a_page_are_there(page, capsys):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        assert "://" in link or (page.parent / link).exists(), link
    for target in re.findall(r"`make (\w+)`|^make (\w+)(?:$| +#)", text, re.MULTILINE):
        assert set(target) & makefile_targets(), target
    for command in set(re.findall(r"(?:^|`)omtrace ([a-z-]+)\b", text, re.MULTILINE)):
        assert main([command, "--help"]) == 0, command


def test_the_readme_answers_within_200_lines():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 200 and lines.index("make test    # runs the tests") < 12
