"""The way of one answer, as the design page draws it: the functions that it names are called, stage by stage."""

import ast
import re
import runpy
import sys
import threading
from pathlib import Path

import pytest
import test_stages
from pipeline import REPOSITORY

PACKAGE = REPOSITORY / "workflow/omtrace"
SECTION = (REPOSITORY / "docs/design.md").read_text(encoding="utf-8").partition("## The way of one answer\n")[2]
LINE = re.compile(r"(?P<stage>\w+|) +(?P<module>[\w/]+\.(?:py|html)) +(?P<function>[\w.]+)(?: +(?P<what>.*))?")
STRUCTURE = re.compile(r"(\w+): ")
MOST_MODULES, MOST_STRUCTURES = 55, 14


def lines():
    """Stage, module, function, and what the answer is there."""
    stage, rows = "", []
    for line in SECTION.split("```")[1].strip("\n").split("\n"):
        match = LINE.fullmatch(line)
        assert match, line
        stage = match["stage"] or stage
        rows.append((stage, match["module"], match["function"], match["what"] or ""))
    return rows


LINES = lines()


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Stage -> (module, function) of all that is called in it, of the tiny study."""
    called, script = {}, runpy.run_path

    def watched(path, names):
        stage = next(stage for stage, rule in test_stages.RULES.items() if rule == Path(path).stem)
        seen = called.setdefault(stage, set())

        def note(frame, event, _):
            if event == "call":
                seen.add((frame.f_code.co_filename, frame.f_code.co_qualname.rpartition("<locals>.")[2]))

        threading.setprofile(note), sys.setprofile(note)
        try:
            return script(path, names)
        finally:
            threading.setprofile(None), sys.setprofile(None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runpy, "run_path", watched)
        folder = test_stages.study_in(tmp_path_factory.mktemp("study"))
        test_stages.made_of(test_stages.stage_texts(folder, patch), folder, folder / "data/raw")
    return called


def test_the_stages_follow_each_other():
    assert list(dict.fromkeys(stage for stage, *_ in LINES)) == list(test_stages.INPUTS)


@pytest.mark.parametrize(("stage", "module", "function", "what"), LINES, ids=lambda text: text)
def test_what_the_picture_names_is_called(calls, stage, module, function, what):
    assert (str(PACKAGE / module), function) in calls[stage]


def test_the_picture_counts_what_it_shows_and_names_what_there_is():
    structures = [match[1] for *_, what in LINES if (match := STRUCTURE.match(what))]
    modules = {module for _, module, _, _ in LINES}
    assert f"{len(modules)} modules, and {len(structures)} structures" in SECTION
    assert len(modules) <= MOST_MODULES and len(structures) <= MOST_STRUCTURES
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")]
    declared = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert [name for name in structures if name not in declared] == []
