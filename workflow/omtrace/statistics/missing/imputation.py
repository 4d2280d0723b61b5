"""Missing values of a trial imputed from a mixed model for repeated measures, at random or by reference.

Carpenter, Roger and Kenward 2013: what a unit would have done after it dropped out is taken from its own group
(MAR), or from a reference group (the other strategies). A value that is missing before drop-out says nothing of
the treatment: it is missing at random under every strategy.

Arrays lead with the replicates of the model (b): means (b, n, t), covariances (b, q, t, t) of q groups or of all.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import centred, check_terms, sample
from omtrace.statistics.missing.posterior import Observed, Parameters, posterior
from omtrace.statistics.mixed.mmrm_fit import FALLBACK, Rows, check_reached, fit_mmrm
from omtrace.statistics.mixed.mmrm_replicates import Replicates, Resampled
from omtrace.statistics.mixed.mmrm_structures import Blocks, structure_of

if TYPE_CHECKING:
    import pandas

STRATEGIES = {
    "MAR": "missing at random",
    "J2R": "jump to reference",
    "CIR": "copy increments in reference",
    "CR": "copy reference",
    "LMCF": "last mean carried forward",
}


@dataclass(frozen=True)
class Trial:
    """n units at t visits in q groups.

    ``values`` (n, t) are NaN where missing; ``group`` (n,) counts in ``groups``, ``reference`` is one of them.
    ``left`` (n,) is the first visit after a unit dropped out, t where it did not: there, every value is missing.
    ``by_visit`` (n, c) are terms with a coefficient at each visit, in the imputation model one for each group where
    ``by_group``; ``constant`` (n, d) are terms with one coefficient for all; both less their reference values.
    ``units`` name the units, ``by_visit_terms`` (c,) and ``constant_terms`` (d,) the terms of their columns.
    """

    values: np.ndarray
    group: np.ndarray
    groups: tuple
    reference: int
    left: np.ndarray
    by_visit: np.ndarray
    constant: np.ndarray
    visits: tuple
    units: tuple
    by_visit_terms: tuple[str, ...]
    constant_terms: tuple[str, ...]
    by_group: bool = False

    @property
    def seen(self) -> np.ndarray:
        """Which values are observed (n, t)."""
        return np.isfinite(self.values)

    def terms(self) -> np.ndarray:
        """Columns (n, q + c + d) of an analysis of one visit: groups, covariates, factors."""
        return np.column_stack([np.eye(len(self.groups))[self.group], self.by_visit, self.constant])

    def names(self) -> tuple[str, ...]:
        """The term of each column of ``terms``."""
        return (*map(str, self.groups), *self.by_visit_terms, *self.constant_terms)

    def design_names(self) -> list[str]:
        """The term of each column of ``design``."""
        of = (f"{name} in {group}" for group in self.groups for name in self.by_visit_terms)
        each = [*map(str, self.groups), *(of if self.by_group else self.by_visit_terms)]
        return [*(f"{name} at {visit}" for visit in self.visits for name in each), *self.constant_terms]

    def design(self, group: np.ndarray) -> np.ndarray:
        """The design (n, t, p) of the units as if they were in these groups (n,)."""
        member = np.eye(len(self.groups))[group]
        slopes = self.by_visit
        if self.by_group:
            slopes = (member[:, :, None] * self.by_visit[:, None]).reshape(len(group), -1)
        each = np.column_stack([member, slopes])
        n, t = self.values.shape
        rows = np.zeros((n, t, t, each.shape[1]))
        rows[:, np.arange(t), np.arange(t)] = each[:, None]
        constant = np.broadcast_to(self.constant[:, None], (n, t, self.constant.shape[1]))
        return np.concatenate([rows.reshape(n, t, -1), constant], axis=2)


def trial_of(
    frame: "pandas.DataFrame",
    visits: Sequence,
    group: str,
    groups: Sequence,
    reference: Hashable,
    left: ArrayLike,
    by_visit: Sequence[str] = (),
    covariates: Sequence[str] = (),
    factors: Sequence[str] = (),
    by_group: bool = False,
) -> Trial:
    """A trial of a frame, a row a unit, a column a visit; covariates less their means, factors less equal shares.

    Raises ValueError for missing covariates, unknown groups, a value after drop-out, and a factor with one level.
    """
    values = frame[list(visits)].to_numpy(dtype=float)
    index = {name: place for place, name in enumerate(groups)}
    if frame.empty:
        raise ValueError("no unit has all that the model adjusts for")
    if others := sum(name not in index for name in frame[group]):
        raise ValueError(f"{group}: {others} rows of none of {', '.join(map(str, groups))}")
    if not frame.index.is_unique:
        raise ValueError("a unit stands in more than one row")
    left = np.asarray(left, dtype=int)
    if (np.isfinite(values) & (np.arange(len(visits)) >= left[:, None])).any():
        raise ValueError("a unit has a value after it dropped out")
    each = [_centred(frame, name) for name in by_visit]
    constant, constant_terms = [_centred(frame, name) for name in covariates], list(covariates)
    for name in factors:
        levels = sorted(set(frame[name]), key=str)
        if frame[name].isna().any() or len(levels) < 2:
            raise ValueError(f"{name}: a factor with one level, or with missing values")
        constant += [(frame[name] == level).to_numpy(float) - 1 / len(levels) for level in levels[1:]]
        constant_terms += [name] * (len(levels) - 1)
    blank = np.zeros((len(frame), 0))
    return Trial(
        values=values,
        group=np.array([index[name] for name in frame[group]], dtype=int),
        groups=tuple(groups),
        reference=index[reference],
        left=left,
        by_visit=np.column_stack([blank, *each]),
        constant=np.column_stack([blank, *constant]),
        visits=tuple(visits),
        units=tuple(frame.index),
        by_visit_terms=tuple(by_visit),
        constant_terms=tuple(constant_terms),
        by_group=by_group,
    )


def _centred(frame: "pandas.DataFrame", name: str) -> np.ndarray:
    column = sample(frame[name], name)
    return centred(column, float(column.mean()))


class Imputer:
    """The imputation model of a trial: what was fitted, and completed values of replicates of it.

    ``structure`` was fitted, ``rejected`` names those tried before it with the reason. The model is that of the
    groups by visits with the covariates, by REML. Raises ValueError as ``fit_mmrm`` does.
    """

    def __init__(self, trial: Trial, structures: Sequence[str] = FALLBACK, is_by_group: bool = False) -> None:
        self.trial = trial
        seen = trial.seen
        unit, visit = np.nonzero(seen)
        check_reached(trial.visits, [trial.visits[v] for v in np.unique(visit)])
        counted = np.array([seen[trial.group == g].sum(axis=0) for g in range(len(trial.groups))])
        if empty := [f"{trial.groups[g]} at {trial.visits[v]}" for g, v in np.argwhere(counted == 0)]:
            raise ValueError(f"no value in {', '.join(empty)}")
        self.own = trial.design(trial.group)
        self.as_reference = trial.design(np.full(trial.group.shape, trial.reference))
        check_terms(self.own[seen], trial.design_names())
        blocks = trial.group[unit] if is_by_group else None
        names = np.array([str(label) for label in trial.units], dtype=object)
        given = (self.own[seen], names[unit], np.array(trial.visits, dtype=object)[visit], trial.visits)
        self.model = fit_mmrm(trial.values[seen], *given, structures, group=blocks)
        self.structure, self.rejected = self.model.structure, self.model.rejected
        rows = Rows.of(*given, blocks)
        order = {g: place for place, g in enumerate(rows.groups)}
        self.covariance_of = np.array([order.get(g, 0) for g in trial.group.tolist()])
        covariance = Blocks(structure_of(self.structure, len(trial.visits)), len(rows.groups))
        place = {name: i for i, name in enumerate(names)}
        self.fitted_units = np.array([place[name] for name in rows.units])
        self.resampled = Resampled(trial.values[seen], rows, covariance)

    def posterior(self, m: int, generator: np.random.Generator) -> Parameters:
        """Draws from the posterior with an unstructured covariance.

        The covariance that was fitted, of whatever structure, is the mean of the prior.
        """
        some = self.trial.seen.any(axis=1)
        data = Observed(self.trial.values[some], self.own[some], self.covariance_of[some])
        return posterior(data, self.model.coefficients, self.model.covariances, m, generator)

    def replicates(self, counts: np.ndarray, is_without: bool = False) -> Replicates:
        """Fits with each unit counted (b, n) times.

        ``is_without``: units counted 0 times are left out, and need not be imputed.
        """
        often = counts[:, self.fitted_units]
        fits = self.resampled.fits(often)
        incomplete = ~self.trial.seen.all(axis=1)

        def needed(replicate: int) -> np.ndarray:
            units = incomplete & (counts[replicate] > 0) if is_without else incomplete
            return np.concatenate([self.own[units], self.as_reference[units]]).reshape(-1, self.own.shape[2])

        self.resampled.rescue(often, fits, needed)
        return fits

    def completed(self, strategy: str, fit: Parameters | Replicates, noise: np.ndarray | None = None) -> np.ndarray:
        """The values (b, n, t) with missing ones imputed from each replicate or draw.

        They are conditional means given the unit's observed values; with standard normal ``noise`` (b, n, t), draws.
        """
        trial, coefficients, covariances = self.trial, fit.coefficients, fit.covariances
        values = np.repeat(trial.values[None], len(coefficients), axis=0)
        for units, left in self._alike():
            seen = trial.seen[units[0]]
            own, reference = (
                np.einsum("ntp,bp->bnt", design[units], coefficients) for design in (self.own, self.as_reference)
            )
            mean = mean_of(strategy, own, reference, left)
            mine, other = self.covariance_of[units[0]], self.covariance_of[trial.group == trial.reference][0]
            sigma = covariance_of(strategy, covariances[:, mine], covariances[:, other], left)
            there, gone = np.flatnonzero(seen), np.flatnonzero(~seen)
            weight = np.linalg.solve(sigma[:, there[:, None], there], sigma[:, there[:, None], gone])
            rest = trial.values[units][:, there] - mean[:, :, there]
            imputed = mean[:, :, gone] + rest @ weight
            if noise is not None:
                spread = sigma[:, gone[:, None], gone] - sigma[:, gone[:, None], there] @ weight
                imputed += noise[:, units][:, :, gone] @ np.linalg.cholesky(spread).swapaxes(1, 2)
            values[:, units[:, None], gone] = imputed
        return values

    def _alike(self) -> Iterator[tuple[np.ndarray, int]]:
        """Units with missing values, those of one group, pattern and visit of drop-out together."""
        trial = self.trial
        keys = np.column_stack([trial.group, trial.left, trial.seen])
        kinds, kind = np.unique(keys, axis=0, return_inverse=True)
        for place, key in enumerate(kinds):
            if not key[2:].all():
                yield np.flatnonzero(kind.ravel() == place), int(key[1])


def mean_of(strategy: str, own: np.ndarray, reference: np.ndarray, left: int) -> np.ndarray:
    """The mean (b, n, t) of units that drop out before visit ``left``, given those of both groups.

    Raises ValueError for a strategy that there is not.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"{strategy!r} is no strategy; there are {', '.join(STRATEGIES)}")
    if left == own.shape[2] or strategy == "MAR" or (strategy == "LMCF" and left == 0):
        return own
    if strategy == "CR" or (strategy in ("J2R", "CIR") and left == 0):
        return reference
    mean = own.copy()
    last = slice(left - 1, left)
    if strategy == "J2R":
        mean[:, :, left:] = reference[:, :, left:]
    elif strategy == "CIR":
        mean[:, :, left:] = own[:, :, last] + reference[:, :, left:] - reference[:, :, last]
    else:
        mean[:, :, left:] = own[:, :, last]
    return mean


def covariance_of(strategy: str, own: np.ndarray, reference: np.ndarray, left: int) -> np.ndarray:
    """The covariance (b, t, t) that belongs to ``mean_of``: where groups differ, that of what the mean is taken from.

    Jump to reference and copied increments: own before drop-out, and after it the reference's regression on before.
    """
    if left == own.shape[2] or strategy in ("MAR", "LMCF") or own is reference:
        return own
    if strategy == "CR" or left == 0:
        return reference
    before, after = slice(0, left), slice(left, None)
    slope = np.linalg.solve(reference[:, before, before], reference[:, before, after]).swapaxes(1, 2)
    sigma = own.copy()
    sigma[:, after, before] = slope @ own[:, before, before]
    sigma[:, before, after] = sigma[:, after, before].swapaxes(1, 2)
    change = reference[:, before, before] - own[:, before, before]
    sigma[:, after, after] = reference[:, after, after] - slope @ change @ slope.swapaxes(1, 2)
    return sigma
