"""Fixed effects by terms: factors in sum coding, covariates about their mean, and interactions of any of them.

With sum coding each coefficient block is one term's deviation from equal weights of all levels, so that the joint test
of a block is the type III test, and a mean with equal weights of the other factors' levels (a least-squares mean) sets
their columns to zero. Covariates are centred at their mean over rows: a factor's test, where it interacts with a
covariate, is the one at that mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from omtrace.statistics.basic.samples import TOLERANCE, sample


def expanded(terms: Sequence[str]) -> list[str]:
    """Terms as products of names joined by ``:``; ``a * b`` stands for a, b and a:b. Lower orders come first.

    Raises ValueError for an empty name, a name twice in a product, and an interaction without its parts.
    """
    found: dict[tuple[str, ...], None] = {}
    for text in terms:
        parts = [tuple(name.strip() for name in part.split(":")) for part in text.split("*")]
        for size in range(1, len(parts) + 1):
            for some in combinations(parts, size):
                found[tuple(name for part in some for name in part)] = None
    for names in found:
        if not all(names) or len(set(names)) < len(names):
            raise ValueError(f"{':'.join(names)!r}: a term is names joined by : or *, each once")
        for part in (some for size in range(1, len(names)) for some in combinations(names, size)):
            if not any(set(part) == set(other) for other in found):
                raise ValueError(f"the interaction {':'.join(names)} needs {':'.join(part)} in the model")
    ordered = sorted(found, key=len)
    if len({frozenset(names) for names in ordered}) < len(ordered):
        raise ValueError("a term stands twice in the model")
    return [":".join(names) for names in ordered]


@dataclass(frozen=True)
class Design:
    """A model matrix (n, p), the intercept first. ``columns``: the place of each term's columns.

    ``levels``: of each factor, the reference first; ``centres``: the mean of each covariate.
    """

    matrix: np.ndarray
    columns: dict[str, slice]
    levels: dict[str, tuple]
    centres: dict[str, float]

    def term(self, name: str) -> np.ndarray:
        """The combinations of coefficients (c, p) that are all 0 where a term has no effect."""
        return np.eye(self.matrix.shape[1])[self.columns[name]]

    def mean(self, at: Mapping[str, Any]) -> np.ndarray:
        """The combination (p,) of the mean at some factors' levels, other factors' levels weighted equally.

        Covariates are at their mean. Raises ValueError for another factor or level.
        """
        for name, level in at.items():
            if level not in self.levels.get(name, ()):
                raise ValueError(f"{name} has no level {level!r} in the model")
        row = np.zeros(self.matrix.shape[1])
        row[0] = 1.0
        for term, place in self.columns.items():
            parts = [self._code(name, at[name]) if name in at else None for name in term.split(":")]
            if all(part is not None for part in parts):
                row[place] = _product([np.asarray(part)[None, :] for part in parts])[0]
        return row

    def slope(self, name: str) -> np.ndarray:
        """The combination (p,) of a covariate's slope, where factors are weighted equally."""
        return self.term(name)[0]

    def _code(self, name: str, level: Any) -> np.ndarray:
        return _sum_coded([level], self.levels[name])[0]


def design_of(columns: Mapping[str, Any], terms: Sequence[str], levels: Mapping[str, Sequence]) -> Design:
    """The model matrix of terms over columns (n,) by name; ``levels`` names the factors, the others are covariates.

    Raises ValueError for terms without a column, missing values, values of a factor that are no level, levels that
    no row has, and terms whose columns depend on others (an empty cell of an interaction).
    """
    names = expanded(terms)
    used = dict.fromkeys(part for name in names for part in name.split(":"))
    size = len(columns[next(iter(columns))])
    blocks: dict[str, np.ndarray] = {}
    centres = {}
    for name in used:
        if name not in columns:
            raise ValueError(f"{name}: no such column")
        if name in levels:
            blocks[name] = _factor(name, columns[name], tuple(levels[name]))
        else:
            values = sample(columns[name], name)
            centres[name] = float(values.mean())
            blocks[name] = (values - centres[name])[:, None]
    parts, places, at = [np.ones((size, 1))], {}, 1
    for term in names:
        block = _product([blocks[name] for name in term.split(":")])
        places[term] = slice(at, at + block.shape[1])
        at += block.shape[1]
        parts.append(block)
    matrix = np.hstack(parts)
    _check_rank(matrix, places)
    return Design(matrix, places, {name: tuple(levels[name]) for name in used if name in levels}, centres)


def _factor(name: str, values: Any, levels: tuple) -> np.ndarray:
    array = np.asarray(values, dtype=object)
    if unknown := int(sum(value not in levels for value in array)):
        raise ValueError(f"{name}: {unknown} values are none of the levels {', '.join(map(str, levels))}")
    if len(levels) < 2 or len(set(levels)) < len(levels):
        raise ValueError(f"{name}: a factor needs two or more different levels")
    if empty := [str(level) for level in levels if not any(value == level for value in array)]:
        raise ValueError(f"{name}: no value at {', '.join(empty)}")
    return _sum_coded(array, levels)


def _sum_coded(values: Any, levels: tuple) -> np.ndarray:
    """Sum contrasts (n, levels - 1): a column for each level but the first, which is -1 in all of them."""
    index = np.array([levels.index(value) for value in values])
    codes = np.vstack([-np.ones(len(levels) - 1), np.eye(len(levels) - 1)])
    return codes[index]


def _product(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Products of one column of each block, row by row."""
    found = blocks[0]
    for block in blocks[1:]:
        found = (found[:, :, None] * block[:, None, :]).reshape(len(found), -1)
    return found


def _check_rank(matrix: np.ndarray, places: Mapping[str, slice]) -> None:
    length = np.linalg.norm(matrix, axis=0)
    if (length <= TOLERANCE).any():
        raise ValueError("a covariate is constant")
    unit = matrix / length
    if np.linalg.matrix_rank(unit) == matrix.shape[1]:
        return
    for term, place in places.items():
        if np.linalg.matrix_rank(unit[:, : place.stop]) < place.stop:
            raise ValueError(f"{term}: not all of it can be estimated: a combination has no rows, or others give it")
