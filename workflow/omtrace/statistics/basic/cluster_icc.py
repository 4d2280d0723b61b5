"""The intraclass correlation of a cluster trial: how much of the variance lies between clusters of one arm."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.reliability import single
from omtrace.statistics.basic.samples import ROUNDING, sample
from omtrace.statistics.power.designs import design_effect


def cluster_icc(
    values: ArrayLike, cluster: Sequence[Hashable], arm: Sequence[Hashable] | None = None, level: float = 0.95
) -> dict[str, float]:
    """Intraclass correlation of clusters, by analysis of variance of clusters within arms.

    Parameters
    ----------
    values
        The outcome (n,); 0 and 1 for yes or no.
    cluster, arm
        Labels (n,). Of a cluster with units of several arms, each arm's units are a cluster of their own.
    level
        Confidence level.

    Returns
    -------
    dict
        icc, ci_low, ci_high; f, df_1, df_2, p of no likeness within clusters; clusters, cluster_size (mean), and
        design_effect: how many times the variance of a mean the clusters make.

    Raises
    ------
    ValueError
        For missing values, without two clusters in one arm, without two units in one cluster, and without spread.

    Notes
    -----
    icc = (MSB - MSW)/(MSB + (m - 1) MSW), with m the mean size that its expectation asks for where sizes differ
    (Donner and Koval 1980, Biometrics 36: 19). The interval is Searle's, exact for clusters of one size, with m in its
    place (Donner 1979, Am J Epidemiol 110: 335; as R's ICC::ICCest). It can be below 0.

    Examples
    --------
    >>> found = cluster_icc([1, 2, 3, 5, 6, 7], ["a", "a", "a", "b", "b", "b"])
    >>> round(found["icc"], 4), round(found["f"], 9)
    (0.8846, 24.0)
    """
    y, arms = sample(values), list(arm) if arm is not None else [""] * len(cluster)
    least = (ROUNDING * float(np.abs(y).max(initial=0.0))) ** 2  # a variance this small is rounding error
    _, group = np.unique(np.array(arms, dtype=str), return_inverse=True)
    pairs = sorted({*zip(group.tolist(), map(str, cluster), strict=True)})
    place = {pair: index for index, pair in enumerate(pairs)}
    member = np.array([place[pair] for pair in zip(group.tolist(), map(str, cluster), strict=True)], dtype=int)
    size, of = np.bincount(member), np.array([pair[0] for pair in pairs], dtype=int)
    total = np.bincount(group)
    df = (len(pairs) - total.size, y.size - len(pairs))
    if df[0] < 1:
        raise ValueError(f"{len(pairs)} clusters in {total.size} arms: two in one arm are needed")
    if df[1] < 1:
        raise ValueError("no cluster has two units")
    y = y - y.mean()  # so that many equal leading digits take none of the others away
    centre = (np.bincount(group, y) / total)[of]
    mean = np.bincount(member, y) / size
    within = float(((y - mean[member]) ** 2).sum()) / df[1]
    between = float((size * (mean - centre) ** 2).sum()) / df[0]
    if not within + between > least:
        raise ValueError("the outcome does not vary")
    m = (y.size - float((size**2 / total[of]).sum())) / df[0]
    if not within > least:
        raise ValueError("the outcome does not vary within clusters")
    numbers = single(between, within, m, df, level)
    spread = float(size.std() / size.mean())
    effect = design_effect(float(size.mean()), numbers["icc"], spread)
    return {**numbers, "clusters": float(len(pairs)), "cluster_size": float(size.mean()), "design_effect": effect}
