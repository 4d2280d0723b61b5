"""Model matrices by formulaic: factors in sum coding, covariates about their mean, and products of any of them.

With sum coding each term's columns are its deviations from the average of all levels with equal weights, so that the
joint test of a term's coefficients is its type III test, and an adjusted (least-squares) mean, the average over the
reference grid of R's emmeans, is a sum of coefficients. Covariates are centred at their mean over the rows: a factor
that interacts with a covariate is tested, and its means are given, at that mean.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from formulaic import Formula

from omtrace.statistics.basic.samples import TOLERANCE, check_terms, sample

if TYPE_CHECKING:
    import pandas

Weights = Literal["equal", "observed"]
Level = Hashable  # of a factor: a text, a number or a truth value
Held = Mapping[str, Level]  # factors and covariates that are held at a level or value


def expanded(terms: Sequence[str]) -> list[str]:
    """Terms as products of names joined by ``:``; ``a * b`` stands for a, b and a:b. Lower orders come first.

    Raises ValueError for an empty name, a name twice in a product, and an interaction without its parts.

    Examples
    --------
    >>> expanded(["weight", "arm * sex"])
    ['weight', 'arm', 'sex', 'arm:sex']
    """
    products: dict[tuple[str, ...], None] = {}
    for text in terms:
        parts = [tuple(name.strip() for name in part.split(":")) for part in text.split("*")]
        for size in range(1, len(parts) + 1):
            for some in combinations(parts, size):
                products[tuple(name for part in some for name in part)] = None
    for names in products:
        if not all(names) or len(set(names)) < len(names):
            raise ValueError(f"{':'.join(names)!r}: a term is names joined by : or *, each once")
        for part in (some for size in range(1, len(names)) for some in combinations(names, size)):
            if not any(set(part) == set(other) for other in products):
                raise ValueError(f"the interaction {':'.join(names)} needs {':'.join(part)} in the model")
    ordered = sorted(products, key=len)
    if len({frozenset(names) for names in ordered}) < len(ordered):
        raise ValueError("a term stands twice in the model")
    return [":".join(names) for names in ordered]


@dataclass(frozen=True)
class Design:
    """A model matrix and what its columns stand for.

    Attributes
    ----------
    matrix : (n, p), the intercept first
    columns : the place of each term's columns
    levels : of each factor, the reference first
    centres : the mean of each covariate
    weights : of the levels of each factor in averages over them
    coded : what the matrix was made of
    """

    matrix: np.ndarray
    columns: dict[str, slice]
    levels: dict[str, tuple[Level, ...]]
    centres: dict[str, float]
    weights: dict[str, np.ndarray]
    coded: "Coded"

    def term(self, name: str) -> np.ndarray:
        """The combinations of coefficients (c, p) that are all 0 where a term has no effect."""
        return np.eye(self.matrix.shape[1])[self.columns[name]]

    def mean(self, held: Held) -> np.ndarray:
        """The combination of coefficients (p,) that is an adjusted mean.

        Covariates and factors that are not held at a value or level are at their mean, and averaged over their levels
        with their weights. Raises ValueError for levels that no row has, and for what is no term.
        """
        if other := [name for name in held if name not in self.levels and name not in self.centres]:
            raise ValueError(f"{other[0]}: no term of the model")
        row = np.zeros(self.matrix.shape[1])
        row[0] = 1.0
        for term, place in self.columns.items():
            block = np.ones(1)
            for name in term.split(":"):
                block = np.kron(self._code(name, held), block)
            row[place] = block
        return row

    def slope(self, name: str) -> np.ndarray:
        """The combination (p,) of a covariate's slope, where factors are averaged with equal weights."""
        return self.term(name)[0]

    def as_if(self, name: str, level: Level) -> np.ndarray:
        """The model matrix (n, p) if every row had a level of a factor."""
        self._code(name, {name: level})
        every = np.full_like(self.coded.places[name], self.levels[name].index(level))
        return replace(self.coded, places={**self.coded.places, name: every}).matrix()

    def _code(self, name: str, held: Held) -> np.ndarray:
        """What a covariate or a factor has in the columns of its own term."""
        if name in self.centres:
            return np.array([float(held[name]) - self.centres[name] if name in held else 0.0])  # type: ignore[arg-type]
        coding = np.vstack([-np.ones(len(self.levels[name]) - 1), np.eye(len(self.levels[name]) - 1)])
        if name not in held:
            return np.asarray(self.weights[name] @ coding)
        if held[name] not in self.levels[name]:
            raise ValueError(f"{name}: no row of the level {held[name]!r}")
        return np.asarray(coding[self.levels[name].index(held[name])])


def design_of(
    columns: "Mapping[str, Sequence[Level]] | pandas.DataFrame",
    terms: Sequence[str],
    levels: Mapping[str, Sequence[Level]],
    weights: Weights = "equal",
) -> Design:
    """The model matrix of terms over columns.

    Parameters
    ----------
    columns : values (n,) by name
    terms : names, or names joined by ``:`` (a product) or ``*`` (the product and all its parts)
    levels : of each factor, the reference first; the other columns are covariates
    weights : of the levels of factors in averages over them: all alike, or as frequent as in the rows

    Raises
    ------
    ValueError
        for terms without a column, missing values, values of a factor that are no level, levels that no row has, and
        terms whose columns depend on others (a constant, an empty cell of an interaction)

    Examples
    --------
    >>> design = design_of({"arm": ["sham", "sham", "OMT"], "age": [30, 50, 40]}, ["arm"], {"arm": ("sham", "OMT")})
    >>> design.matrix.tolist()
    [[1.0, -1.0], [1.0, -1.0], [1.0, 1.0]]
    >>> (design.mean({"arm": "OMT"}) - design.mean({"arm": "sham"})).tolist()
    [0.0, 2.0]
    """
    names = expanded(terms)
    used = list(dict.fromkeys(part for name in names for part in name.split(":")))
    if absent := [name for name in used if name not in columns]:
        raise ValueError(f"{absent[0]}: no such column")
    places, values, centres, share = {}, {}, {}, {}
    for name in used:
        if name in levels:
            places[name] = _places(name, columns[name], tuple(levels[name]))
            often = np.bincount(places[name], minlength=len(levels[name]))
            equal = np.full(len(levels[name]), 1 / len(levels[name]))
            share[name] = often / often.sum() if weights == "observed" else equal
        else:
            given = sample(np.asarray(columns[name]), name)
            if not given.size:
                raise ValueError(f"{name}: no row has a value")
            centres[name] = float(given.mean())
            values[name] = given - centres[name]
            if np.abs(values[name]).max() <= TOLERANCE * np.abs(given).max():
                raise ValueError(f"{name}: a covariate that is constant")
    factors = {name: tuple(levels[name]) for name in used if name in levels}
    coded = Coded(tuple(names), places, {name: len(factors[name]) for name in factors}, values)
    matrix, terms_at = coded.matrix(), coded.cells.columns
    check_terms(matrix, ["", *(term for term, at in terms_at.items() for _ in range(at.stop - at.start))])
    return Design(matrix, terms_at, factors, centres, share, coded)


@dataclass(frozen=True)
class Coded:
    """What a model matrix is made of: products of names, and of each row the levels and the centred covariates.

    Attributes
    ----------
    terms : products of names, joined by ``:``
    places : of each factor the place (n,) of the row's level, the reference 0
    sizes : of each factor, how many levels it has
    values : of each covariate (n,), about its mean
    """

    terms: tuple[str, ...]
    places: dict[str, np.ndarray]
    sizes: dict[str, int]
    values: dict[str, np.ndarray]

    @cached_property
    def _combinations(self) -> np.ndarray:
        """The places of the levels of each row (n, factors + 1), the first column 0."""
        count = len(next(iter({**self.places, **self.values}.values())))
        return np.column_stack([np.zeros(count, dtype=np.intp), *self.places.values()])

    @cached_property
    def cells(self) -> "Cells":
        """The model matrix of the combinations that there are."""
        there = np.unique(self._combinations, axis=0)[:, 1:]
        return _of_cells(self.terms, tuple(self.sizes.items()), tuple(self.values), tuple(map(tuple, there.tolist())))

    def matrix(self) -> np.ndarray:
        """The model matrix (n, p): of each row that of its cell, times the covariates of each term."""
        cell = np.unique(self._combinations, axis=0, return_inverse=True)[1].reshape(-1)
        matrix = self.cells.matrix[cell]
        for term, at in self.cells.columns.items():
            for name in filter(self.values.__contains__, term.split(":")):
                matrix[:, at] *= self.values[name][:, None]
        return matrix


class Cells(NamedTuple):
    """The model matrix (cells, p) of combinations of levels, where all covariates are 1, and each term's columns."""

    matrix: np.ndarray
    columns: dict[str, slice]


@lru_cache(maxsize=64)
def _of_cells(
    terms: tuple[str, ...],
    sizes: tuple[tuple[str, int], ...],
    covariates: tuple[str, ...],
    cells: tuple[tuple[int, ...], ...],
) -> Cells:
    """The matrix of combinations of levels by formulaic, made once: fits to nearly the same rows share it.

    ``cells``: of each combination the places of its levels, in the order of ``sizes``.
    """
    import pandas

    # Formulaic's sum coding leaves out the last level, which is the reference.
    coded: dict[str, pandas.Categorical | float] = {
        f"x{at}": pandas.Categorical([cell[at] for cell in cells], [*range(1, size), 0])
        for at, (_, size) in enumerate(sizes)
    }
    text = {name: f"C(x{at}, contr.sum)" for at, (name, _) in enumerate(sizes)}
    text |= {name: f"x{at}" for at, name in enumerate(covariates, len(sizes))}
    frame = pandas.DataFrame({**coded, **{text[name]: 1.0 for name in covariates}}, index=range(len(cells)))
    formula = " + ".join(["1", *(":".join(text[part] for part in term.split(":")) for term in terms)])
    made = Formula(formula).get_model_matrix(frame, na_action="raise", output="numpy")
    columns = dict(zip(terms, list(made.model_spec.term_slices.values())[1:], strict=True))
    return Cells(np.asarray(made, dtype=float), columns)


@dataclass(frozen=True)
class Terms:
    """What the columns of a frame are to a model of groups.

    ``groups`` in the model, the reference first; none: those of the frame, after ``reference``. ``interaction``: the
    covariate or factor whose products with the groups are in the model. ``weights`` of the levels of factors.
    """

    outcome: str
    group: str
    groups: Sequence[Level] = ()
    reference: Level | None = None
    covariates: Sequence[str] = ()
    factors: Sequence[str] = ()
    interaction: str = ""
    weights: Weights = "equal"


class Alike(NamedTuple):
    """A level of a factor whose outcomes are all alike: its rows say nothing about the ratio of the groups."""

    factor: str
    level: Level
    outcome: str
    rows: int


@dataclass(frozen=True)
class Informative:
    """Rows and terms that say something of a ratio, and the levels of factors left out, whose outcomes are alike."""

    frame: "pandas.DataFrame"
    terms: Terms
    alike: list[Alike]


def without_alike(frame: "pandas.DataFrame", terms: Terms, alike: "Callable[[pandas.Series], str]") -> Informative:
    """The rows and terms without levels of factors whose outcomes are ``alike``.

    Their own coefficients have no maximum; those of the other terms are, at its limit, those of the other rows.
    ``alike``: what the outcomes of a level all are, or "". Raises ValueError where those of each level are.
    """
    levels: list[Alike] = []
    again = True
    while again:
        again = False
        for name in terms.factors:
            for level, part in frame.groupby(name, sort=True, observed=True)[terms.outcome]:
                if (what := alike(part)) and frame[name].nunique() > 1:
                    levels.append(Alike(name, level, what, len(part)))
                    frame, again = frame[frame[name] != level], True
        if levels:
            terms = replace(terms, factors=[name for name in terms.factors if frame[name].nunique() > 1])
    if levels and alike(frame[terms.outcome]):
        names = ", ".join(dict.fromkeys(level.factor for level in levels))
        raise ValueError(f"{names}: the outcomes of each level are all alike, so that no ratio is finite")
    return Informative(frame, terms, levels)


class GroupDesign:
    """The design of groups with covariates and factors, and its outcome.

    Parameters
    ----------
    frame : a row a unit
    terms : what its columns are

    Attributes
    ----------
    y : outcome (n,)
    groups : in the model, the reference first
    size : of each group
    design, matrix : the design, and its matrix (n, p)

    Raises
    ------
    ValueError
        as ``design_of``, and for fewer than two groups, groups without rows, rows of other groups, factors with one
        level, and no more rows than columns
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms) -> None:
        check_columns(frame, [terms.outcome, terms.group, *terms.covariates, *terms.factors])
        self.terms, self.n = terms, len(frame)
        self.y = sample(frame[terms.outcome], terms.outcome)
        present = {name: int(n) for name, n in frame[terms.group].value_counts().items() if n}
        self.groups = list(terms.groups) or _groups(present, terms.reference)
        if absent := [name for name in self.groups if name not in present]:
            what = (
                f"no row of the reference group {absent[0]!r}"
                if absent[0] == self.groups[0]
                else f"no row of group {absent[0]!r}"
            )
            raise ValueError(f"{terms.group}: {what}")
        if len(self.groups) < 2:
            raise ValueError(f"{terms.group}: fewer than 2 groups")
        if outside := sorted(set(map(str, present)) - set(map(str, self.groups))):
            raise ValueError(f"{terms.group}: rows of other groups: {', '.join(outside)}")
        self.size = {name: present[name] for name in self.groups}
        levels = {terms.group: self.groups, **{name: _levels(frame[name], name) for name in terms.factors}}
        parts = [terms.group, *terms.covariates, *terms.factors]
        parts += [f"{terms.group}:{terms.interaction}"] if terms.interaction else []
        self.design = design_of(frame, parts, levels, terms.weights)
        self.matrix, self.levels = self.design.matrix, self.design.levels
        if self.n <= self.matrix.shape[1]:
            raise ValueError(_too_few(self.matrix))

    def as_if(self, group: Level) -> np.ndarray:
        """The model matrix if every row belonged to a group."""
        return self.design.as_if(self.terms.group, group)

    def mean(self, group: Level, held: Held | None = None) -> np.ndarray:
        """Coefficients of a group's adjusted mean; ``held``: covariates and factors held at a value or level."""
        return self.design.mean({self.terms.group: group, **(held or {})})

    def difference(self, group: Level, reference: Level, held: Held | None = None) -> np.ndarray:
        """Coefficients of the difference of two groups' adjusted means."""
        return self.mean(group, held) - self.mean(reference, held)

    def interactions(self, group: Level, reference: Level) -> np.ndarray:
        """Coefficients (k, p) of how the difference of two groups changes over the term that groups interact with."""
        name = self.terms.interaction
        values: Sequence[Level] = self.levels[name] if name in self.levels else [0.0, 1.0]
        rows = [self.difference(group, reference, {name: value}) for value in values]
        return np.array([row - rows[0] for row in rows[1:]])


def column_scale(x: np.ndarray) -> np.ndarray:
    """The root mean square (p,) of each column: divided by it, a covariate fits alike in any unit."""
    size: np.ndarray = np.sqrt((x**2).mean(axis=0))
    return size


def check_columns(frame: "pandas.DataFrame", names: Sequence[str]) -> None:
    """Raise ValueError for columns that are named twice, are not there, or have missing values."""
    if len(set(names)) < len(names):
        raise ValueError("a column is named twice in the model")
    for name in names:
        if name not in frame:
            raise ValueError(f"{name}: no such column")
        if missing := int(frame[name].isna().sum()):
            raise ValueError(f"{name}: {missing} of {len(frame)} values are missing")


def _groups(present: Mapping[Level, int], reference: Level | None) -> list[Level]:
    others = sorted((name for name in present if name != reference), key=str)
    return others if reference is None else [reference, *others]


def _levels(column: "pandas.Series", name: str) -> list[Level]:
    levels = sorted(set(column), key=str)
    if len(levels) < 2:
        raise ValueError(f"{name}: a factor with one level")
    return levels


def _places(name: str, values: Sequence[Level], levels: tuple[Level, ...]) -> np.ndarray:
    """Of each value (n,) the place of its level. Raises ValueError for others, and for levels without a value."""
    if unknown := sum(value not in levels for value in values):
        raise ValueError(f"{name}: {unknown} values are none of the levels {', '.join(map(str, levels))}")
    if len(levels) < 2 or len(set(levels)) < len(levels):
        raise ValueError(f"{name}: a factor needs two or more different levels")
    there = set(values)
    if empty := [str(level) for level in levels if level not in there]:
        raise ValueError(f"{name}: no value at {', '.join(empty)}")
    place = {level: number for number, level in enumerate(levels)}
    return np.array([place[value] for value in values], dtype=np.intp)


def _too_few(matrix: np.ndarray) -> str:
    return f"{matrix.shape[0]} rows for {matrix.shape[1]} coefficients leave no residual degrees of freedom"
