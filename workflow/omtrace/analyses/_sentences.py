"""Pieces of the sentences in which methods say what they did, from the options that ran."""

from collections.abc import Sequence

from omtrace.analyses._shown import named


def listed(words: Sequence[str]) -> str:
    """Words as a list: a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def parameter_names(names: Sequence[str]) -> list[str]:
    """Names of parameters as the report labels them."""
    return [named("parameter", name) for name in names]


def term_named(name: str) -> str:
    """A term of a model: its parameters by their labels, interactions and nesting with their signs."""
    for sign, written in ((" * ", " × "), ("*", " × "), (":", " × "), ("/", " within ")):
        if sign in name:
            parts = name.split(sign)
            return written.join(term_named(part.strip()) for part in (parts if sign != "/" else reversed(parts)))
    return {"visit": "visit", "baseline": "baseline"}.get(name, named("parameter", name))


def adjusted(baseline: bool, covariates: Sequence[str], factors: Sequence[str], by_visit: str = "") -> str:
    """What a model adjusts for; "" for nothing."""
    terms = [f"the outcome's baseline{by_visit}"] if baseline else []
    terms += parameter_names([*covariates, *factors])
    return f", adjusted for {listed(terms)}" if terms else ""


def tests_by(df: str) -> str:
    """How standard errors and degrees of freedom come about."""
    return {
        "kenward_roger": "Kenward and Roger's standard errors and degrees of freedom",
        "kenward_roger_linear": "Kenward and Roger's standard errors and degrees of freedom, for a linear covariance",
        "satterthwaite": "Satterthwaite's degrees of freedom",
        "CR0": "sandwich standard errors by unit (CR0) and Satterthwaite's degrees of freedom",
        "CR2": "bias-reduced sandwich standard errors by unit (CR2) and Satterthwaite's degrees of freedom",
        "CR3": "sandwich standard errors by unit of the jackknife (CR3) and Satterthwaite's degrees of freedom",
    }[df]
