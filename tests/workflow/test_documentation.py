"""The tutorials run as they stand, command by command; the site builds, and its pages load nothing from elsewhere."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pipeline import REPOSITORY, copied, environment, forked

DOCS = REPOSITORY / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SITE_PYTHON = REPOSITORY / ".venv-docs/bin/python"


@dataclass(frozen=True)
class Step:
    """Commands of a tutorial, and lines of which each stands somewhere in what they print."""

    commands: str
    shown: tuple[str, ...]


def steps_of(page: str) -> list[Step]:
    """The steps of a tutorial: each block of commands with the block of output that follows it."""
    steps: list[Step] = []
    for kind, text in BLOCK.findall(page):
        if kind == "sh":
            steps.append(Step(text, ()))
        else:
            steps[-1] = Step(steps[-1].commands, tuple(filter(None, text.splitlines())))
    return steps


def checkout(folder: Path) -> Path:
    """A fresh copy of what the repository ships, with ``omtrace`` and ``snakemake`` as commands."""
    copied(folder)
    for name in ("benchmarks", "CHECKSUMS", "pyproject.toml", "README.md", "LICENSE"):
        path = REPOSITORY / name
        if path.exists():
            shutil.copytree(path, folder / name) if path.is_dir() else shutil.copy2(path, folder / name)
    (folder / "bin").mkdir()
    for name in ("omtrace", "snakemake"):
        (folder / "bin" / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n')
        (folder / "bin" / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_runs_as_it_stands(page, tmp_path):
    folder = checkout(tmp_path / "checkout")
    variables = forked(environment(folder))
    variables["PATH"] = f"{folder / 'bin'}{os.pathsep}{variables['PATH']}"
    steps = steps_of(page.read_text(encoding="utf-8"))
    assert len(steps) >= 5 and sum(bool(step.shown) for step in steps) >= 4
    for step in steps:
        command = ["bash", "-euo", "pipefail", "-c", step.commands]
        ran = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
        printed = ran.stdout + ran.stderr
        assert ran.returncode == 0, f"{step.commands}\n{printed}"
        unwrapped = " ".join(printed.split())
        assert [line for line in step.shown if " ".join(line.split()) not in unwrapped] == [], step.commands + printed


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as ``make docs`` does."""
    if not SITE_PYTHON.exists():
        pytest.skip("the environment of the site is not there: make docs-env")
    folder = tmp_path_factory.mktemp("site")
    command = [SITE_PYTHON, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    variables = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    built = subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_no_page_of_the_site_loads_anything_from_elsewhere(site):
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 15
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"""(?:src=|<link[^>]+href=|url\()["']?(https?:[^"')\s>]+)""", text)
        assert loaded == [], page.name


def test_the_pages_of_reference_hold_what_is_declared(site):
    from omtrace.cli.application import MODULES
    from omtrace.model.statistics import STATISTICS

    commands, statistics = ((site / f"{name}.html").read_text(encoding="utf-8") for name in ("commands", "statistics"))
    assert [name for name in MODULES if f'id="{name}"' not in commands] == []
    assert [name for name in STATISTICS if f"<code>{name}</code>" not in statistics] == []


def test_every_link_within_the_site_leads_somewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r'href="([^"#:]+\.html)(?:#[^"]*)?"', text):
            assert link.startswith("/") or (page.parent / link).resolve().exists(), f"{page.name}: {link}"
