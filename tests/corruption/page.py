"""``docs/corruption.md``: what was damaged, what was found, and what was missed, by name."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .everything import GROUPS
from .known import HOLES
from .operators import FOUND, OPERATORS, RIGHT, Operator
from .study import ROOT

if TYPE_CHECKING:
    from .run import Outcome

PAGE = ROOT / "docs/corruption.md"
TOP = """# Damage on purpose

Written by `python -m tests.corruption.run --each {each}`; do not edit. {operators} operators damage the shipped
exports, each at {each} random places (the seed is the operator's name); {places} damaged files in all. Damage counts
as found only if a finding that the clean files do not give names the damaged cell: the file, and its line and column,
its well, or, for damage to a whole column or file, that column or file. A rule over several cells may stand at
another of them and name this one. What can be read all the same must be read right: the same values, no row lost.

| | operators | places | found or read right |
| --- | ---: | ---: | ---: |
| all damage | {operators} | {places} | {all:.2%} |
| damage that the files can show | {open_operators} | {open_places} | {open:.2%} |
| damage that they cannot show | {blind_operators} | {blind_places} | {blind:.2%} |

"""


def share(outcomes: Sequence["Outcome"]) -> float:
    """The part of the damage that was found or read right."""
    return sum(o.good for o in outcomes) / len(outcomes) if outcomes else 1.0


def findable(outcomes: Sequence["Outcome"]) -> list["Outcome"]:
    """The damage that the files can show."""
    return [o for o in outcomes if not OPERATORS[o.operator].blind]


def write(outcomes: Sequence["Outcome"], each: int) -> None:
    """Write the page."""
    PAGE.write_text(text_of(outcomes, each), encoding="utf-8")


def text_of(outcomes: Sequence["Outcome"], each: int) -> str:
    """The page as text."""
    by: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by.setdefault(outcome.operator, []).append(outcome)
    seen = findable(outcomes)
    unseen = [o for o in outcomes if OPERATORS[o.operator].blind]
    blind = sum(bool(OPERATORS[name].blind) for name in by)
    text = TOP.format(
        each=each,
        operators=len(by),
        places=len(outcomes),
        all=share(outcomes),
        open=share(seen),
        blind=share(unseen),
        open_operators=len(by) - blind,
        blind_operators=blind,
        open_places=len(seen),
        blind_places=len(unseen),
    )
    text += _missed(by)
    text += _harmless(by)
    for group, title in GROUPS.items():
        rows = [_row(OPERATORS[name], by[name]) for name in by if OPERATORS[name].group == group]
        head = "| operator | damage | found | by |\n| --- | --- | ---: | --- |\n"
        text += f"## {title}\n\n{head}" + "".join(rows) + "\n"
    return text.rstrip("\n") + "\n"


def _missed(by: dict[str, list["Outcome"]]) -> str:
    """Every operator that was missed anywhere, with the reason."""
    text = "## Missed\n\n| operator | damage | missed | why |\n| --- | --- | ---: | --- |\n"
    for name, outcomes in sorted(by.items(), key=lambda item: (bool(OPERATORS[item[0]].blind), item[0])):
        missed = [o for o in outcomes if not o.good]
        why = OPERATORS[name].blind or HOLES.get(name, "not explained")
        if missed:
            text += f"| `{name}` | {OPERATORS[name].says} | {len(missed)} of {len(outcomes)} | {why} |\n"
    return text + "\n"


def _harmless(by: dict[str, list["Outcome"]]) -> str:
    right = [n for n in by if OPERATORS[n].wanted == RIGHT]
    bad = sum(not o.good for name in right for o in by[name])
    count = sum(len(by[name]) for name in right)
    names = ", ".join(f"`{name}`" for name in right)
    return f"## Other ways to write the same\n\nRead right in {count - bad} of {count} files: {names}.\n\n"


def _row(operator: Operator, outcomes: list["Outcome"]) -> str:
    counts = Counter(o.severity for o in outcomes if o.result == FOUND)
    rules = Counter(rule for o in outcomes for rule in o.rules if o.result == FOUND)
    says = [f"{severity} {n}" for severity, n in counts.most_common()]
    says += [f"read right {n}"] if (n := sum(o.result == RIGHT for o in outcomes)) else []
    by = "; ".join(filter(None, [", ".join(says), ", ".join(f"`{rule}`" for rule, _ in rules.most_common(4))]))
    return f"| `{operator.name}` | {operator.says} | {sum(o.good for o in outcomes)} of {len(outcomes)} | {by} |\n"
