"""Expressions over a unit's facts: comparisons with constants, joined by and, or, not; nothing runs as Python."""

import ast
from collections.abc import Sequence

from omtrace.faults import Fault, nearest

COMPARE = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


class Expression:
    """A population or a condition: comparisons of unit-level parameters with constants, joined by and, or, not.

    ``known``: names of the parameters; ``explained``: the clauses that reasons are given for. Raises Fault for others.
    """

    def __init__(self, text: str, where: str, known: Sequence[str], explained: Sequence[str] = ()) -> None:
        self.where, self.names = where, []
        try:
            self.tree = ast.parse(text, mode="eval").body if text else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last three: NUL, and deep nesting
            raise Fault(f"{where}: {text!r} is not an expression") from None
        for node in ast.walk(self.tree) if self.tree else ():
            if isinstance(node, ast.Name):
                if node.id not in known:
                    raise Fault(f"{where}: {node.id!r} is no parameter without visits{nearest(node.id, known)}")
                self.names.append(node.id)
        self.names = sorted(set(self.names))
        if self.tree:
            self._value(self.tree, dict.fromkeys(self.names, 0.0), dry=True)
        self.clauses = self._clauses(text)
        self.telling = bool(explained) or len(self.clauses) > 1
        for clause in explained:
            if clause not in self.clauses:
                raise Fault(f"{where}: reasons: {clause!r} is no clause of {text!r}{nearest(clause, self.clauses)}")

    def _clauses(self, text: str) -> dict[str, ast.expr]:
        """The parts that must all hold, by their text."""
        if self.tree is None:
            return {}
        joined = isinstance(self.tree, ast.BoolOp) and isinstance(self.tree.op, ast.And)
        parts = self.tree.values if joined else [self.tree]  # type: ignore[attr-defined]
        return {ast.get_source_segment(text, part) or "": part for part in parts}

    def failed(self, values: dict) -> list[str]:
        """The clauses that do not hold for a unit, where there are several or reasons are given for them."""
        found = {clause: self._value(part, values) for clause, part in self.clauses.items() if self.telling}
        return [clause for clause, holds in found.items() if holds is False] or [
            clause for clause, holds in found.items() if holds is None
        ]

    def holds(self, values: dict) -> bool | None:
        """True or False for a unit; None where a value that decides is missing."""
        return True if self.tree is None else self._value(self.tree, values)

    def _value(self, node, values, dry: bool = False):
        if isinstance(node, ast.BoolOp):
            parts = [self._value(part, values, dry) for part in node.values]
            deciding = isinstance(node.op, ast.Or)
            if deciding in parts:
                return deciding
            return None if None in parts else not deciding
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._value(node.operand, values, dry)
            return None if inner is None else not inner
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARE:
            left, right = self._leaf(node.left, values), self._leaf(node.comparators[0], values)
            if left is None or right is None or dry:
                return None
            if isinstance(left, str) != isinstance(right, str):
                raise Fault(
                    f"{self.where}: compares a number with a text; categories are texts, yes and no are 1 and 0"
                )
            return COMPARE[type(node.ops[0])](left, right)
        raise Fault(f"{self.where}: only comparisons of a parameter with a constant, joined by and, or, not")

    def _leaf(self, node, values):
        if isinstance(node, ast.Name):
            return values[node.id]
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str)):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            if isinstance(node.operand.value, (int, float)):
                return -node.operand.value
        raise Fault(f"{self.where}: only comparisons of a parameter with a constant, joined by and, or, not")
