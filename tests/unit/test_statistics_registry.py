"""The registry of statistics, and contrasts: what a number is, held against every module that names a statistic."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omtrace.faults import Fault
from omtrace.model.contrast import Contrast, contrast_of, contrasts_named, group_label
from omtrace.model.statistic import Scale
from omtrace.model.statistics import _EVERY, INTERVALS, STATISTICS, TABLES, Role, Unit, statistic_of
from omtrace.report import words
from test_analyses import Results, people

PACKAGE = Path(__file__).parents[2] / "workflow/omtrace"


def test_a_name_stands_once_and_what_it_belongs_to_is_registered():
    assert len(STATISTICS) == len(_EVERY)
    for statistic in _EVERY:
        assert set(statistic.of) <= STATISTICS.keys(), statistic.name
        assert statistic.table in ("", *TABLES)
        assert (statistic.role is Role.EFFECT) == (statistic.null is not None)
        assert (statistic.role is Role.DECISION) == bool(statistic.codes)
        assert statistic.label == statistic.label.strip() != ""
        if statistic.role in (Role.LOW, Role.HIGH):
            assert statistic.name in INTERVALS[statistic.interval]
        if statistic.role in (Role.P_VALUE, Role.COUNT, Role.DF, Role.TEST):
            assert statistic.unit is Unit.NONE


def test_both_limits_of_an_interval_are_registered_alike():
    for low, high in (map(statistic_of, names) for names in INTERVALS.values()):
        assert (low.unit, low.decimals, low.least, low.of) == (high.unit, high.decimals, high.least, high.of)


@pytest.mark.parametrize(
    ("name", "scale", "shape"),
    [
        ("mean", ("points", 0), ("points", 1)),
        ("maximum", ("points", 0), ("points", 0)),
        ("sd", ("points", 1), ("points", 2)),
        ("variance", ("log g", 2), ("(log g)\u00b2", 4)),
        ("variance", ("", 2), ("", 4)),
        ("percent", ("days", 0), ("%", 1)),
        ("p", ("days", 0), ("", 3)),
        ("shared", ("days", 0), ("", 0)),
    ],
)
def test_unit_and_decimals(name, scale, shape):
    assert statistic_of(name).scale(Scale(*scale)) == Scale(*shape)


@pytest.mark.parametrize(("df", "decimals"), [(31.0, 0), (31.000000000000004, 0), (31.2, 1), (float("nan"), 1)])
def test_whole_degrees_of_freedom_have_no_decimals_whatever_their_last_bits(df, decimals):
    assert statistic_of("df").scale(Scale("g", 2), df) == Scale("", decimals)


def literals(path, names):
    """The texts in the tuples that constants of these names hold."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in names:
            yield from (leaf.value for leaf in ast.walk(node.value) if isinstance(leaf, ast.Constant))


def test_every_statistic_that_a_figure_or_a_table_picks_out_is_registered():
    wanted = {("figures", ("MEAN", "TRIPLE", "SHARE", "RATE", "BOX", "ENDS")), ("report", ("BALANCE", "COUNTS"))}
    picked = {
        text for part, names in wanted for path in (PACKAGE / part).glob("*.py") for text in literals(path, names)
    }
    picked |= {part for _, parts, _ in words.TOGETHER for part in parts}
    assert len(picked) > 40
    assert picked <= STATISTICS.keys()


def mappings(path):
    """The keys of each mapping that stands in a method, where one of them is a statistic."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
            if keys & STATISTICS.keys():
                yield keys


def test_every_statistic_that_stands_beside_others_in_a_method_is_registered():
    names = ("run", "planned_size", "_power")  # definitions, designs, simulated plans
    others = {PACKAGE / f"analyses/{name}.py" for name in names}
    paths = set((PACKAGE / "analyses").glob("*.py")) - others
    found = {key for path in paths for keys in mappings(path) for key in keys}
    assert len(found) > 80
    assert found <= STATISTICS.keys()


def test_a_statistic_that_is_not_registered_ends_the_run_with_a_sentence(tmp_path, monkeypatch):
    from omtrace.statistics.basic import descriptive

    before = descriptive.describe
    monkeypatch.setattr(descriptive, "describe", lambda *a: {**before(*a), "kurtosis": 3.0})
    with pytest.raises(LookupError, match="statistic 'kurtosis' is not registered: give it a line in model/stat"):
        Results(tmp_path, people(), {"a": ("describe", ["x"], [], {})})


# contrasts

GROUPS = {"CFA - umb": "CFA then umbellulone", "saline": "Saline", "CFA": "CFA alone"}


def test_a_group_may_hold_what_stands_between_the_sides_of_a_contrast():
    contrast = Contrast("CFA - umb", "saline")
    assert str(contrast) == "CFA - umb - saline"
    assert contrast_of(str(contrast), GROUPS) == contrast
    assert contrast_of("CFA - umb", GROUPS) is None
    assert contrast_of("all", GROUPS) is None
    assert group_label("CFA - umb - saline", GROUPS) == "CFA then umbellulone \N{MINUS SIGN} Saline"
    assert group_label("CFA - umb - saline", GROUPS, is_ratio=True) == "CFA then umbellulone / Saline"
    assert group_label("CFA - umb", GROUPS) == "CFA then umbellulone"
    assert group_label("all", GROUPS) == "All"
    assert group_label("type III: sex", GROUPS) == "type III: sex"


@given(st.lists(st.sampled_from(["A", "B", "A - B", "B - C", "C", " - ", "- "]), min_size=2, unique=True))
def test_the_way_from_a_contrast_to_its_name_and_back(groups):
    for a in groups:
        for b in groups:
            assert Contrast(a, b) in contrasts_named(f"{a} - {b}", groups)


def test_groups_that_give_two_contrasts_one_name_are_refused(tmp_path):
    names = ("A", "B - C", "A - B", "C")
    units = people()
    for at, unit in enumerate(units.values()):
        unit["arm", ""] = names[at % 4]
    entry = {"a": ("compare_groups", ["x"], ["end"], {"contrasts": [["A", "B - C"]]})}
    with pytest.raises(Fault, match="'A - B - C' would name a group or another contrast"):
        Results(tmp_path, units, entry, groups=dict.fromkeys(names, "label"))
