"""Methods and procedures in a few words."""

METHODS = {  # where the name in the plan, with spaces, is no name that statisticians use
    "ancova": "analysis of covariance",
    "mmrm": "mixed model for repeated measures",
    "compare_groups": "two groups, unadjusted",
    "compare_many": "several groups",
    "factorial": "linear model of factors",
    "logistic": "logistic regression",
    "proportional_odds": "proportional odds model",
    "paired_change": "change since baseline",
    "repeated_anova": "repeated-measures analysis of variance",
    "manova": "multivariate analysis of variance",
    "censored_ends": "censored regression",
    "time_to_event": "time to event",
    "crossover": "two-period crossover",
    "crossover_periods": "crossover of several periods",
    "icc": "intraclass correlation",
}

PROCEDURES = {
    "bonferroni": "Bonferroni",
    "holm": "Holm",
    "hochberg": "Hochberg",
    "hommel": "Hommel",
    "fixed_sequence": "fixed sequence",
    "graphical": "graphical (weights and transitions of the plan)",
    "benjamini_hochberg": "Benjamini and Hochberg, false discovery rate",
    "benjamini_yekutieli": "Benjamini and Yekutieli, false discovery rate",
}
