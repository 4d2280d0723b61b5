"""The error catalogue: every rule is explained in full, stands on the page, and is triggered by a test."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from omtrace.plugins import declared, plugin
from omtrace.report.rules_page import FILES, ROWS, catalogue_page
from omtrace.schemas import table_of
from omtrace.validation.catalogue import ASK, RULES, everything, texts
from omtrace.validation.output import CROSS, ORDER

ROOT = Path(__file__).parents[2]
TESTS = Path(__file__).parents[1]
CATALOGUE = everything()
SEVERITIES = ("note", "warn", "quarantine", "stop")
OPEN = (",", ";", ":", " ", "(", "-")

# Tests that hold one broken example a rule, by rule id: module pattern -> name of the dict.
REGISTRIES = {"test_checks*.py": "CASES", "test_schemas*.py": "BREAKS", "test_crosschecks*.py": "BROKEN"}


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=lambda rule: rule.id)
def test_a_rule_is_explained_in_full(rule):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", rule.id)
    for text in (rule.meaning, rule.example, rule.fix):
        assert len(text) > 3 and text == text.strip() and not text.endswith(OPEN), text
        assert "  " not in text and "\n" not in text, text
        assert text.count("`") % 2 == 0 and text.count("(") == text.count(")"), text
    assert rule.meaning[0].isupper() or rule.meaning[0] == "`"
    assert rule.meaning.endswith(".") and not rule.meaning.endswith("..")
    assert not rule.example.endswith(".") and not rule.fix.endswith(".")  # they follow a colon on the page
    assert rule.severity in rule.severities and list(rule.severities) == [s for s in SEVERITIES if s in rule.severities]


def test_no_rule_has_the_id_of_another():
    ids = [rule.id for rule in RULES]
    ids += [rule.id for part in ("schemas", "instruments") for name in declared(part) for rule in table_of(name).rules]
    ids += [
        rule.id
        for name in declared("validation.crosschecks")
        for rule in plugin("validation.crosschecks", name, "CROSSCHECK").rules
    ]
    assert sorted(ids) == sorted(set(ids)) == sorted(CATALOGUE)


def test_a_study_has_the_rules_of_its_tables_and_crosschecks_only():
    usual = {rule.id for rule in RULES}
    assert set(texts()) == usual
    layout = table_of("plate_layout")
    assert set(texts([layout])) - usual == {rule.id for rule in layout.rules} != set()
    name = next(declared("validation.crosschecks"))
    rules = plugin("validation.crosschecks", name, "CROSSCHECK").rules
    assert set(texts((), (name,))) - usual == {rule.id for rule in rules}


# the page


def test_the_page_in_the_repository_is_up_to_date():
    page = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    assert page == catalogue_page(), "docs/rules.md is not as declared: omtrace rules > docs/rules.md"


def test_the_page_has_a_section_a_rule_with_its_texts():
    page = catalogue_page()
    sections = re.findall(r"^####? `(\w+)`\n\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    assert sorted(name for name, _ in sections) == sorted(CATALOGUE)
    for name, section in sections:
        rule = CATALOGUE[name]
        shown = section.replace("&lt;", "<").replace("\\*", "*")
        for part in (
            rule.meaning,
            f"Example: {rule.example}.",
            f"Likely fix: {rule.fix}.",
            f"Severity: `{rule.severity}`",
        ):
            assert part in shown, part
        line = shown.split("Severity: ")[1].split("\n")[0]
        assert re.findall(r"`(\w+)`", line)[1:] == [s for s in rule.severities if s != rule.severity]
        assert line.endswith(", always.") == (rule.severities == (rule.severity,))


def test_the_groups_of_the_page_name_rules_that_there_are():
    assert len({*FILES, *ROWS}) == len(FILES) + len(ROWS)
    assert {*FILES, *ROWS} <= {rule.id for rule in RULES}


def test_the_links_of_the_page_lead_to_its_headings():
    page = catalogue_page()
    anchors = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    }
    links = re.findall(r"\]\(#([^)]*)\)", page)
    assert set(links) <= anchors
    assert links[-len(RULES) :] == [rule.id for rule in RULES]


def test_the_page_says_where_rules_over_several_columns_stand_in_the_order():
    assert [rule.id for rule in RULES if ORDER[rule.id] < CROSS][-1] == "allowed"
    assert "come after `allowed`" in " ".join(catalogue_page().split())


def test_the_likely_fix_is_to_ask_unless_a_rule_knows_better():
    assert CATALOGUE["dictionary_type"].fix == ASK != CATALOGUE["dictionary_type"].meaning


# a test for every rule


def registered():
    """The ids in the registries of broken examples."""
    found = set()
    for pattern, name in REGISTRIES.items():
        for path in sorted(TESTS.rglob(pattern)):
            registry = getattr(importlib.import_module(path.stem), name, None)
            found |= set(registry) if isinstance(registry, dict) else set()
    return found


def named_in_tests():
    """Texts in the assertions of test functions, and texts of several words joined by _ anywhere in them.

    An id of one word may stand in a test for something else.
    """
    found = set()
    for path in sorted(set(TESTS.rglob("test_*.py")) - {Path(__file__)}):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found |= {text for text in texts_in(node) if "_" in text}
                found |= {text for n in ast.walk(node) if isinstance(n, ast.Assert) for text in texts_in(n)}
    return found


def texts_in(tree):
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_every_rule_is_triggered_by_a_test():
    untested = sorted(set(CATALOGUE) - registered() - named_in_tests())
    assert not untested, f"no example that breaks {', '.join(untested)}: add one to {', '.join(REGISTRIES.values())}"


def test_every_registry_of_broken_examples_names_rules_that_there_are():
    assert registered() and registered() <= set(CATALOGUE)
