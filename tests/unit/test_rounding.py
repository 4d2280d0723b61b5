"""Rounded once, at display, half away from zero, by exact decimal: no displayed digit is wrong."""

import ast
from fractions import Fraction
from pathlib import Path

import pytest
from estimates import estimate
from hypothesis import example, given
from hypothesis import strategies as st
from omtrace import store
from omtrace.analyses._shown import shown
from omtrace.report.results import numbers_of
from report_plan import plan_of

PACKAGE = Path(__file__).parents[2] / "workflow/omtrace"
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12),
    st.builds(lambda n, k: n / 10**k, st.integers(-(10**9), 10**9), st.integers(0, 8)),  # ties stand at decimals
)


def exactly(text: str, decimals: int) -> str:
    """The stored decimal rounded half away from zero in whole numbers, as people read it."""
    value = Fraction(text)
    size = abs(value) * 10**decimals
    whole = int(size) + (size - int(size) >= Fraction(1, 2))
    digits = str(whole).rjust(decimals + 1, "0")
    body = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"−{body}" if value < 0 and whole else body


@given(VALUES, st.integers(0, 6))
@example(0.5, 0)
@example(-2.5, 0)
@example(1.005, 2)
@example(2.675, 2)
@example(-0.04, 1)
@example(1e-13, 6)
@example(999999.9999995, 6)
def test_no_displayed_digit_differs_from_the_exact_rounding_of_the_stored_decimal(value, decimals):
    text = store.number_text(value)
    expected = exactly(text, decimals)
    assert store.display(text, decimals) == store.display(value, decimals) == expected
    assert shown(text, decimals, "difference") == expected
    names = {"analysis": "change", "parameter": "score_1", "population": "treated", "group": "all", "visit": ""}
    row = estimate(id="i", **names, statistic="mean", value=text, decimals=decimals)
    assert numbers_of(PLAN, {"i": row})["i"].shown == expected


PLAN = plan_of()


@given(st.floats(0, 1), st.integers(1, 4))
@example(0.0005, 3)
@example(0.001, 3)
@example(0.00099999999, 3)
def test_a_p_value_is_less_than_the_last_decimal_or_rounded(p, decimals):
    text = store.number_text(p)
    least = Fraction(1, 10**decimals)
    found = shown(text, decimals, "adjusted_p")
    assert found == (f"<{exactly(str(float(least)), decimals)}" if Fraction(text) < least else exactly(text, decimals))


@given(VALUES)
def test_what_is_stored_is_not_rounded_twice(value):
    text = store.number_text(value)
    assert store.number_text(float(text)) == text


# Where else a number becomes text, and why it is no result: of a figure's axis, of the plan, of a page's counts.
ELSEWHERE = {
    "figures/_marks.py": {"round(abs(x), 9)"},  # places of marks
    "figures/_flow.py": {"{sum(arms):g}", "{whole:g}", "{enrolled:g}", "{number.value + left:g}"},  # of a refusal
    "figures/_panels.py": {"{top:.0f}"},  # ticks
    "figures/_rows.py": {"{100 * levels.pop():g}"},  # of the plan
    "figures/_sheet.py": {"ALONE.format"},  # words
    "figures/_theme.py": {
        "{value:,.0f}",
        "{value:.4g}",
        "round(part * 0.66)",
        "{round(part * 0.66):02X}",
        "{value:.{digits}g}",
        "{whole:,.{places}f}",
    },  # ticks, colours, coefficients to the digits that a plate carries
    "figures/progression.py": {"{100 * value:.0f}"},  # ticks
    "figures/responder_curve.py": {"{100 * value:.0f}"},  # ticks
    "report/_plate_wells.py": {"store.number_text"},  # of a well, for the one way to show it
    "report/_plate_words.py": {"{signal:g}", "{level:g}"},  # of a well, as it was read and laid out
    "report/answers.py": {"{meaningful.size:g}", "{size:g}", "{family.alpha:g}"},  # of the plan
    "report/disclosure.py": {  # a digit more than is displayed gives away the count behind a mean
        "store.display",
        "store.number_text",
        "{float(value):.2g}",
        "round(row.value)",
    },
    "report/exports/xlsx.py": {"display"},  # held against the text of the table when the file is read back
    "report/fields.py": {"{low:g}", "{high:g}"},  # bounds that tables declare
    "report/index.py": {  # counts of findings, places of a drawing
        "{abs(counts[-1] - counts[-2]):,}",
        "round(count / top * HEIGHT, 1)",
        "{height:g}",
        "{HEIGHT - height:g}",
    },
    "report/inline_svg.py": {"{number:.2f}"},  # places of a drawing
    "report/shells.py": {"{at:03}"},  # numbers of files
    "report/manuscript.py": {"display"},  # to the digits that a token asks for, by the one way to round
    "report/methods.py": {"{family.alpha:g}"},  # of the plan
    "report/prism.py": {"format(value, '.15g')"},  # values as they were read, for another program
    "report/templated.py": {"{number:,}"},  # counts
    "report/published.py": {"{fitting.low:g}", "{fitting.high:g}", "{low:g}", "{high:g}"},  # whole numbers
    "report/plan_page.py": {"{i.minimum:g}", "{i.maximum:g}"},  # codes of questionnaires
    "report/results.py": {"{100 * level:.4g}"},  # options of the plan
    "report/summary.py": {"{told.alpha:g}"},  # of the plan
    "report/tidy.py": {"store.number_text"},  # of a table to be read by programs
}
# places and ticks, and the signals as read: they are given no stored number but a curve's and its limits
DRAWN = {"report/_plate_svg.py", "report/_plate_curve.py", "report/lineage.py"}


def formatted(path):
    """Everything in a module that makes a text of a number by a format of its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            yield ast.unparse(ast.JoinedStr([node]))[2:-1]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("round", "format"):
            yield ast.unparse(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            yield ast.unparse(node)
        elif isinstance(node, ast.Attribute) and node.attr in ("format", "display", "quantize", "number_text"):
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module == "omtrace.store":
            yield from (alias.name for alias in node.names if alias.name in ("display", "stored"))


@pytest.mark.parametrize("part", ["figures", "report"])
def test_figures_and_report_format_no_number_of_their_own(part):
    found = {path.relative_to(PACKAGE).as_posix(): set(formatted(path)) for path in (PACKAGE / part).rglob("*.py")}
    others = {path: what - ELSEWHERE.get(path, set()) for path, what in found.items() if path not in DRAWN}
    assert {path: what for path, what in others.items() if what} == {}


def test_templates_format_no_number_of_their_own():
    for path in (PACKAGE / "report/templates").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not [
            word for word in ("toFixed", "toPrecision", "Math.round", "toLocale", "|round", "|format") if word in text
        ]
