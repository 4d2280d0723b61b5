"""The analysis of covariance of a frame in one call, for tests that hold it against other numbers."""

from omtrace.statistics.linear.design import Terms
from omtrace.statistics.linear.linear import Ancova


def ancova(frame, outcome, group, reference, covariates=(), factors=()):
    return Ancova(frame, Terms(outcome, group, (), reference, covariates, factors))


def adjusted_difference(frame, outcome, group, reference, covariates=(), factors=(), level=0.95, contrast=None):
    """The difference of ``contrast``, or of the one other group, from the reference, with r_squared and n."""
    model = ancova(frame, outcome, group, reference, covariates, factors)
    numbers = model.difference(model.design.groups[1] if contrast is None else contrast, reference, level)
    return {**numbers, "r_squared": model.model.r_squared, "n": float(model.design.n)}


def adjusted_means(frame, outcome, group, reference, covariates=(), factors=(), level=0.95):
    """The adjusted mean of each group, with its size."""
    model = ancova(frame, outcome, group, reference, covariates, factors)
    return {name: {"n": float(n), **model.adjusted_mean(name, level)} for name, n in model.design.size.items()}
