"""The one language of a plan's conditions and calculations: populations, facts, rules over a row, parameters.

It looks like Python and is parsed by Python's parser, but nothing runs as Python: an expression is taken apart once,
each part is checked for what it may be and of which kind (number, text, date, truth) it is; any other is a fault.

- constants: ``3``, ``-0.5``, ``"OMT"``; a text that is compared with a date is a day such as ``"2024-05-31"``
- names: parameters, or columns of a table, as the place in the plan says
- ``<  <=  >  >=  ==  !=``, also in a chain (``18 <= age <= 60``); ``in`` and ``not in`` a list of constants
- ``and``, ``or``, ``not``, and ``a if condition else b``
- ``+  -  *  /  **`` of numbers; a date minus a date is a number of days; a date plus or minus days is a date
- functions: those of ``FUNCTIONS``, ``missing(x)``, ``first(x, y, ...)``, ``answered(x, y, ...)`` and ``date(text)``

What is missing makes what is computed of it missing, unless the rest decides (``and``, ``or``); so do division by 0
and the logarithm of what is not positive.
"""

import ast
import math
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from omtrace.faults import Fault, nearest

Kind = Literal["number", "text", "date", "truth", "any"]  # any: not known before there are values
Value = bool | float | str | date | None
Facts = Mapping[str, Value]
DEPTH = 50
COMPARE: dict[type[ast.cmpop], Callable[..., bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


@dataclass(frozen=True)
class Function:
    """A function of numbers. ``least``, ``most``: how many."""

    least: int
    most: int
    of: Callable[..., float]


MANY = 200
FUNCTIONS = {
    "abs": Function(1, 1, abs),
    "round": Function(1, 2, lambda value, digits=0: round(value, int(digits))),
    "floor": Function(1, 1, math.floor),
    "sqrt": Function(1, 1, math.sqrt),
    "exp": Function(1, 1, math.exp),
    "log": Function(1, 1, math.log),
    "log2": Function(1, 1, math.log2),
    "log10": Function(1, 1, math.log10),
    "min": Function(1, MANY, lambda *values: min(values)),
    "max": Function(1, MANY, lambda *values: max(values)),
    "sum": Function(1, MANY, lambda *values: math.fsum(values)),
    "mean": Function(1, MANY, lambda *values: statistics.fmean(values)),
}
OF_ANY = {
    "missing": "truth",
    "answered": "number",
    "first": "any",
    "date": "date",
}  # functions that look at what is missing
ALLOWED = "only comparisons, joined by and, or, not, of names, constants, + - * / ** and the functions " + ", ".join(
    (*FUNCTIONS, *OF_ANY)
)


@dataclass(frozen=True)
class Part:
    """A part of an expression: its kind, and what it is for given facts; ``constant``: what it is for all."""

    kind: Kind
    of: Callable[[Facts], Value]
    constant: Value = None


class Expression:
    """An expression of a plan.

    Parameters
    ----------
    text
        The expression; empty for a condition that always holds.
    where
        How a fault begins.
    known
        The names that it may use, with their kinds where these are known.
    explained
        The clauses that reasons are given for.
    what
        What a name stands for, in words.
    wanted
        The kind that it must be of; any: whichever.

    Raises
    ------
    Fault
        Where it is not of the language, uses another name, or mixes kinds.
    """

    def __init__(
        self,
        text: str,
        where: str,
        known: Sequence[str] | Mapping[str, Kind],
        explained: Sequence[str] = (),
        what: str = "parameter without visits",
        wanted: Kind = "truth",
    ) -> None:
        self.text, self.where, self.what = text, where, what
        self.known: Mapping[str, Kind] = known if isinstance(known, Mapping) else dict.fromkeys(known, "any")
        self.used: set[str] = set()
        try:
            self.tree = ast.parse(text, mode="eval").body if text else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last three: NUL, and deep nesting
            raise Fault(f"{where}: {text!r} is not an expression") from None
        self.whole = self._part(self.tree, 0) if self.tree else Part("truth", lambda facts: True, True)
        if wanted != "any" and self.whole.kind not in (wanted, "any" if wanted != "truth" else wanted):
            raise Fault(f"{where}: {text!r} is a {self.whole.kind}, and a {wanted} is needed; {ALLOWED}")
        self.names = sorted(self.used)
        self.clauses = self._clauses()
        self.telling = bool(explained) or len(self.clauses) > 1
        for clause in explained:
            if clause not in self.clauses:
                raise Fault(f"{where}: reasons: {clause!r} is no clause of {text!r}{nearest(clause, self.clauses)}")

    @property
    def kind(self) -> Kind:
        """What it is: a truth for a condition, else the kind of its value."""
        return self.whole.kind

    def _clauses(self) -> dict[str, Part]:
        """The parts that must all hold, by their text."""
        if self.tree is None:
            return {}
        joined = isinstance(self.tree, ast.BoolOp) and isinstance(self.tree.op, ast.And)
        parts = self.tree.values if joined else [self.tree]  # type: ignore[attr-defined]
        return {ast.get_source_segment(self.text, part) or "": self._part(part, 0) for part in parts}

    def value(self, facts: Facts) -> Value:
        """What it is for given facts; None where something that decides is missing."""
        return self.whole.of(facts)

    def holds(self, facts: Facts) -> bool | None:
        """True or False for given facts; None where a value that decides is missing."""
        value = self.whole.of(facts)
        return value if isinstance(value, bool) else None

    def failed(self, facts: Facts) -> list[str]:
        """The clauses that do not hold, where there are several or reasons are given for them."""
        outcomes = {clause: part.of(facts) for clause, part in self.clauses.items() if self.telling}
        return [clause for clause, holds in outcomes.items() if holds is False] or [
            clause for clause, holds in outcomes.items() if holds is None
        ]

    # From Python's syntax to parts.

    def _fault(self, says: str = ALLOWED) -> Fault:
        return Fault(f"{self.where}: {says}")

    def _part(self, node: ast.expr, depth: int) -> Part:
        if depth == DEPTH:
            raise self._fault(f"nested more than {DEPTH} deep")
        depth += 1
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str)):
            return self._constant(node.value)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, depth)
        if isinstance(node, ast.BoolOp):
            parts = [self._of_kind(part, "truth", depth) for part in node.values]
            return _joined(parts, isinstance(node.op, ast.Or))
        if isinstance(node, ast.Compare):
            return self._comparison(node, depth)
        if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            return self._arithmetic(node, depth)
        if isinstance(node, ast.IfExp):
            return self._choice(node, depth)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(node.func.id, [self._part(part, depth) for part in node.args])
        raise self._fault()

    def _of_kind(self, node: ast.expr, kind: Kind, depth: int) -> Part:
        part = self._part(node, depth)
        if part.kind != kind and not (part.kind == "any" and kind != "truth"):
            raise self._fault(f"{ast.unparse(node)!r} is a {part.kind}, and a {kind} is needed; {ALLOWED}")
        return part

    def _name(self, name: str) -> Part:
        if name not in self.known:
            raise self._fault(f"{name!r} is no {self.what}{nearest(name, self.known)}")
        self.used.add(name)
        return Part(self.known[name], lambda facts: facts[name])

    def _constant(self, value: float | str) -> Part:
        kind: Kind = "text" if isinstance(value, str) else "truth" if isinstance(value, bool) else "number"
        return Part(kind, lambda facts: value, value)

    def _unary(self, node: ast.UnaryOp, depth: int) -> Part:
        if isinstance(node.op, ast.Not):
            inner = self._of_kind(node.operand, "truth", depth)
            return Part("truth", lambda facts: None if (value := inner.of(facts)) is None else not value)
        if isinstance(node.op, ast.USub):
            number = self._of_kind(node.operand, "number", depth)
            sign = None if number.constant is None else -self._number(number.constant)
            return Part("number", lambda facts: _on(lambda value: -self._number(value), number.of(facts)), sign)
        raise self._fault()

    def _comparison(self, node: ast.Compare, depth: int) -> Part:
        parts, sides = [], [node.left, *node.comparators]
        for left, how, right in zip(sides, node.ops, sides[1:], strict=False):
            if isinstance(how, (ast.In, ast.NotIn)):
                parts.append(self._membership(left, isinstance(how, ast.In), right, depth))
            elif type(how) in COMPARE:
                parts.append(self._compared(self._part(left, depth), COMPARE[type(how)], self._part(right, depth)))
            else:
                raise self._fault()
        return parts[0] if len(parts) == 1 else _joined(parts, False)

    def _pair(self, one: Part, how: Callable[..., bool], other: Part) -> Part:
        def holds(facts: Facts) -> bool | None:
            left, right = one.of(facts), other.of(facts)
            if left is None or right is None:
                return None
            if _kind(left) != _kind(right):
                raise self._fault(_mixed(_kind(left), _kind(right)))
            return how(left, right)

        return Part("truth", holds)

    def _compared(self, left: Part, how: Callable[..., bool], right: Part) -> Part:
        """Two sides of one kind held against each other; a text that is compared with a date is a day."""
        if left.kind == "date" and isinstance(right.constant, str):
            return self._pair(left, how, self._day(right.constant))
        if right.kind == "date" and isinstance(left.constant, str):
            return self._pair(self._day(left.constant), how, right)
        kinds = {left.kind, right.kind} - {"any"}
        if len(kinds) > 1 or "truth" in kinds:
            raise self._fault(_mixed(left.kind, right.kind))
        return self._pair(left, how, right)

    def _day(self, text: str) -> Part:
        try:
            day = date.fromisoformat(text)
            return Part("date", lambda facts: day, day)
        except ValueError:
            raise self._fault(f"{text!r} is compared with a date, and is no day such as 2024-05-31") from None

    def _membership(self, node: ast.expr, inside: bool, listed: ast.expr, depth: int) -> Part:
        if not isinstance(listed, (ast.List, ast.Tuple)) or not listed.elts:
            raise self._fault("in: a list of constants follows, such as [1, 2]")
        member = self._part(node, depth)
        entries = [self._part(entry, depth) for entry in listed.elts]
        if any(entry.constant is None for entry in entries):
            raise self._fault("in: a list of constants follows, such as [1, 2]")
        parts = [self._compared(member, operator.eq, entry) for entry in entries]
        among = _joined(parts, True)
        if inside:
            return among
        return Part("truth", lambda facts: None if (value := among.of(facts)) is None else not value)

    def _arithmetic(self, node: ast.BinOp, depth: int) -> Part:
        left, other = self._part(node.left, depth), self._part(node.right, depth)
        kinds, how = (left.kind, other.kind), type(node.op)
        if kinds == ("date", "date") and how is ast.Sub:
            return Part("number", lambda facts: _days(left.of(facts), other.of(facts)))
        if kinds == ("date", "number") and how in (ast.Add, ast.Sub):
            sign = 1 if how is ast.Add else -1
            return Part("date", lambda facts: _later(left.of(facts), other.of(facts), sign))
        if not {*kinds} <= {"number", "any"}:
            raise self._fault(f"{ast.unparse(node)!r} computes with a {kinds[0]} and a {kinds[1]}")
        return self._computed(ARITHMETIC[how], [left, other])

    def _computed(self, function: Callable[..., float], parts: Sequence[Part]) -> Part:
        def value(facts: Facts) -> float | None:
            values = [part.of(facts) for part in parts]
            if any(value is None for value in values):
                return None
            try:
                result = function(*map(self._number, values))
            except (ValueError, ZeroDivisionError, OverflowError):
                return None
            return float(result) if isinstance(result, (int, float)) and math.isfinite(result) else None

        return Part("number", value)

    def _number(self, value: Value) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._fault(f"computes with a {_kind(value)}")
        return value

    def _choice(self, node: ast.IfExp, depth: int) -> Part:
        condition = self._of_kind(node.test, "truth", depth)
        yes, no = self._part(node.body, depth), self._part(node.orelse, depth)
        kinds = {yes.kind, no.kind} - {"any"}
        if len(kinds) > 1:
            raise self._fault(f"{ast.unparse(node)!r} is a {yes.kind} or a {no.kind}")

        def value(facts: Facts) -> Value:
            holds = condition.of(facts)
            return None if holds is None else yes.of(facts) if holds else no.of(facts)

        return Part(kinds.pop() if kinds else "any", value)

    def _call(self, name: str, parts: Sequence[Part]) -> Part:
        if name in OF_ANY and parts and (name not in ("missing", "date") or len(parts) == 1):
            if name == "date":
                if parts[0].kind not in ("text", "date", "any"):
                    raise self._fault(f"date takes a day as text, not a {parts[0].kind}")
                return Part("date", lambda facts: _date(parts[0].of(facts)))
            if name == "missing":
                return Part("truth", lambda facts: parts[0].of(facts) is None)
            if name == "answered":
                return Part("number", lambda facts: float(sum(part.of(facts) is not None for part in parts)))
            kinds = {part.kind for part in parts} - {"any"}
            if len(kinds) > 1:
                raise self._fault(f"first: {' and '.join(sorted(kinds))} together")
            kind: Kind = kinds.pop() if kinds else "any"
            return Part(kind, lambda facts: next((v for part in parts if (v := part.of(facts)) is not None), None))
        function = FUNCTIONS.get(name)
        if function is None:
            raise self._fault(f"there is no function {name!r}{nearest(name, (*FUNCTIONS, *OF_ANY))}; {ALLOWED}")
        if not function.least <= len(parts) <= function.most:
            raise self._fault(f"{name} takes {function.least}{f' to {function.most}' * (function.most > 1)} values")
        if wrong := [part.kind for part in parts if part.kind not in ("number", "any")]:
            raise self._fault(f"{name} takes numbers, not a {wrong[0]}")
        return self._computed(function.of, parts)


def _joined(parts: Sequence[Part], deciding: bool) -> Part:
    """Conditions joined by or (``deciding`` True) or and (False), in three-valued logic."""

    def holds(facts: Facts) -> bool | None:
        values = [part.of(facts) for part in parts]
        if deciding in values:
            return deciding
        return None if None in values else not deciding

    return Part("truth", holds)


def _on(function: Callable[[Value], float], value: Value) -> float | None:
    return None if value is None else function(value)


def _date(value: Value) -> date | None:
    """The day that a text says; None where it says none."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _days(first: Value, other: Value) -> float | None:
    return float((first - other).days) if isinstance(first, date) and isinstance(other, date) else None


def _later(day: Value, days: Value, sign: int) -> date | None:
    if not isinstance(day, date) or not isinstance(days, (int, float)):
        return None
    try:
        return day + timedelta(days=sign * days)
    except OverflowError:
        return None


def _kind(value: Value) -> Kind:
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "date" if isinstance(value, date) else "number"


def _mixed(first: Kind, other: Kind) -> str:
    """What is wrong with two sides of different kinds."""
    if {first, other} == {"number", "text"}:
        return "compares a number with a text; categories are texts, yes and no are 1 and 0"
    return f"compares a {first} with a {other}"
