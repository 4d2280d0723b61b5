"""Missing values of a trial imputed, and analyses of imputed data sets: ``impute`` on a data frame."""

from omtrace.statistics.missing.trial_imputation import ImputedTrial, impute

__all__ = ["ImputedTrial", "impute"]
