"""Whether a plate is good enough: standards read back, controls, replicates, limits of quantification and detection.

The limits by default are those of ICH M10 (2022) for runs of ligand-binding assays of drugs: of standards those of
``CurveLimits``, at least six levels; of controls, section 4.3.2, within 20% of nominal two thirds of all and half of
those of each level. Limits of replicates are ours. M10 excludes biomarkers; it is borrowed here, and every limit can be
set. Recoveries are in percent of the nominal concentration.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from omtrace.statistics.curves.calibration import (
    CurveLimits,
    Model,
    Weighting,
    fit_curves,
    judged,
    level_means,
    standards_refusal,
)
from omtrace.statistics.curves.fitted import Fitted


@dataclass(frozen=True)
class Limits(CurveLimits):
    """Limits of acceptance, percent and shares."""

    standards_least: int = 6  # levels above zero that must hold at least
    control: float = 20.0  # deviation of a control, percent
    controls_share: float = 2 / 3  # of all controls that must hold
    controls_level_share: float = 0.5  # of the controls of one level
    replicate_cv: float = 20.0  # percent
    replicate_cv_end: float = 25.0  # at the limits of quantification


@dataclass(frozen=True)
class CurveSpec:
    """How a curve is fitted: to wells, or to the means of levels.

    ``shared``: plates share it, so that it stays when levels are left out of the range. ``overridden``: it is used
    whatever its limits say.
    """

    model: Model = "4PL"
    weighting: Weighting = "none"
    to_means: bool = False
    min_levels: int = 6
    shared: bool = False
    overridden: bool = False

    def fit(self, x: np.ndarray, y: np.ndarray) -> Fitted:
        """The curve of wells (m,)."""
        points = level_means(x, y)[:2] if self.to_means else (x, y)
        return fit_curves(*points, self.model, self.weighting, min_levels=self.min_levels, forced=self.overridden)


WELLS = CurveSpec()


@dataclass(frozen=True)
class Standards:
    """The standards of one plate: the curve, the levels above zero, and why there is no curve ("" = there is)."""

    fit: Fitted
    levels: tuple[float, ...]  # above zero, all
    kept: tuple[float, ...]
    recovery: dict[float, float]  # of every level above zero, through the final curve; NaN: not read back
    refusal: str
    overridden: str = ""  # why there would be none, were it not for the plan

    @property
    def lloq(self) -> float:
        """The lowest level kept."""
        return min(self.kept, default=math.nan)

    @property
    def uloq(self) -> float:
        """The highest level kept."""
        return max(self.kept, default=math.nan)


def judge_standards(
    x: np.ndarray, y: np.ndarray, limits: Limits, spec: CurveSpec = WELLS, whole: Fitted | None = None
) -> Standards:
    """The curve of one plate's standards (m,), the worst level left out and refitted until all hold.

    A level holds if its mean signal reads back within the limit; the outermost kept levels have a wider one. A level
    left out at an end shrinks the range. Refused if fewer than the share or the number of levels asked for hold, or if
    what the curve gives is not precise; a curve that is ``overridden`` is then that of all standards, over their whole
    range. ``whole``: the curve of all standards, where it is known already.
    """
    levels = tuple(float(level) for level in np.unique(x) if level > 0)
    needed = max(limits.standards_least, math.ceil(limits.standards_share * len(levels) - 1e-9))
    whole = spec.fit(x, y) if whole is None else whole
    kept, fit = levels, whole
    while True:
        refusal, recovery, used = str(fit.refusal[0]), {}, np.isin(x, (0.0, *kept))
        if refusal:
            break
        recovery = _recoveries(fit, x, y)
        away = {level: _away(recovery[level], level in (kept[0], kept[-1]), limits) for level in kept}
        if max(away.values()) <= 1:
            refusal = str(judged(fit, x[used], y[used], limits=limits, weighting=spec.weighting).refusal[0])
            break
        worst = max(kept, key=lambda level: away[level])
        kept = tuple(level for level in kept if level != worst)
        if len(kept) < needed:
            refusal = standards_refusal(needed, len(levels), limits)
            break
        used = np.isin(x, (0.0, *kept))
        fit = whole if spec.shared else spec.fit(x[used], y[used])
    if not refusal:
        return Standards(fit, levels, kept, recovery, "")
    if spec.overridden and not whole.refusal[0]:
        return Standards(whole, levels, levels, _recoveries(whole, x, y), "", refusal)
    return Standards(fit, levels, (), recovery, refusal)


def _recoveries(fit: Fitted, x: np.ndarray, y: np.ndarray) -> dict[float, float]:
    levels, means, _ = level_means(x, y)
    return {
        float(level): 100 * float(read) / float(level)
        for level, read in zip(levels, fit.inverse(means)[0], strict=True)
        if level > 0
    }


def _away(recovery: float, at_end: bool, limits: Limits) -> float:
    """Deviation over its limit; infinite where nothing was read back."""
    if not math.isfinite(recovery):
        return math.inf
    return abs(recovery - 100) / (limits.standard_end if at_end else limits.standard)


@dataclass(frozen=True)
class Controls:
    """The controls of one plate: by level how many hold of how many, and why they do not suffice ("" = they do)."""

    within: dict[str, tuple[int, int]]
    refusal: str = ""

    @property
    def held(self) -> int:
        """Controls within their limit."""
        return sum(held for held, _ in self.within.values())

    @property
    def all(self) -> int:
        """Controls."""
        return sum(count for _, count in self.within.values())


def judge_controls(names: Sequence[str], recovery: np.ndarray, limits: Limits) -> Controls:
    """Controls (m,) by name of their level; a control that was not read back (NaN) does not hold."""
    within: dict[str, tuple[int, int]] = {}
    for name in sorted(set(names)):
        mine = np.array([n == name for n in names])
        within[name] = int((np.abs(recovery[mine] - 100) <= limits.control).sum()), int(mine.sum())
    found = Controls(within)
    if not within:
        return found
    if found.held < limits.controls_share * found.all - 1e-9:
        return Controls(within, f"controls: {found.held} of {found.all} within {limits.control:g}%")
    for name, (held, count) in within.items():
        if held < limits.controls_level_share * count - 1e-9:
            return Controls(within, f"control {name}: {held} of {count} within {limits.control:g}%")
    return found


def detection_limit(fit: Fitted, blanks: np.ndarray, sds: float = 3.0) -> float:
    """The concentration at the mean blank signal and ``sds`` standard deviations beyond it, read back.

    Beyond: in the direction in which the curve goes. NaN below two blanks.
    """
    if blanks.size < 2 or str(fit.refusal[0]):
        return math.nan
    return float(fit.inverse(np.array([blanks.mean() + fit.rising[0] * sds * blanks.std(ddof=1)]))[0, 0])


def replicate_cv(values: np.ndarray) -> float:
    """Coefficient of variation of replicates, percent; NaN below two values or for a mean of zero or less."""
    if values.size < 2 or not values.mean() > 0:
        return math.nan
    return float(100 * values.std(ddof=1) / values.mean())


@dataclass(frozen=True)
class Series:
    """One sample at several dilutions: what each gives after multiplication, and how they agree."""

    dilutions: tuple[float, ...]
    corrected: tuple[float, ...]
    cv: float
    largest: float  # deviation from the mean of the dilutions, percent (from the nominal where that is known)
    slope: float  # of log corrected concentration on log dilution: 0 is parallel
    holds: dict[str, bool] = field(default_factory=dict)


def dilution_series(
    dilution: np.ndarray, read: np.ndarray, nominal: float = math.nan, most: float = 20.0, cv_most: float = 30.0
) -> Series | None:
    """Dilution linearity and parallelism of one sample's wells (m,), read back without correction.

    Linear if each dilution's mean, corrected, is within ``most`` percent of the nominal, or else of the mean of all;
    parallel if the CV between dilutions is at most ``cv_most``. None below three dilutions that were read back.
    """
    steps = np.unique(dilution[np.isfinite(read)])
    if steps.size < 3:
        return None
    corrected = np.array([float((read * dilution)[(dilution == step) & np.isfinite(read)].mean()) for step in steps])
    centre = nominal if math.isfinite(nominal) else float(corrected.mean())
    largest = float(np.abs(100 * corrected / centre - 100).max())
    cv = replicate_cv(corrected)
    u, v = np.log(steps) - np.log(steps).mean(), np.log(corrected)
    slope = float(u @ v / (u @ u))
    return Series(
        tuple(steps), tuple(corrected), cv, largest, slope, {"linear": largest <= most, "parallel": cv <= cv_most}
    )


def spike_recovery(spiked: np.ndarray, plain: np.ndarray, added: float) -> float:
    """Recovery of a known amount added to a sample, percent; NaN without values."""
    spiked, plain = spiked[np.isfinite(spiked)], plain[np.isfinite(plain)]
    if not (spiked.size and plain.size and added > 0):
        return math.nan
    return float(100 * (spiked.mean() - plain.mean()) / added)


def hook_effect(dilution: np.ndarray, corrected: np.ndarray, uloq: float, most: float = 20.0) -> bool | None:
    """Whether a sample reads lower the less it is diluted, by more than ``most`` percent.

    ``corrected`` (m,): concentrations times dilution. None where nothing can be said (one dilution). A hook is only
    suspected where the more diluted one lies above the upper limit in the less diluted well.
    """
    order = np.argsort(dilution)
    d, c = dilution[order][np.isfinite(corrected[order])], corrected[order][np.isfinite(corrected[order])]
    if np.unique(d).size < 2:
        return None
    low, high = float(c[d == d[0]].mean()), float(c[d == d[-1]].mean())
    return high > low * (1 + most / 100) and high / float(d[0]) > uloq
