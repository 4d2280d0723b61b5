"""Every statistic of estimates.csv: name, label, unit, decimals and role of every number, said here alone.

A method may give only statistics that stand in ``STATISTICS``; a new one is one line here. Their order counts: where
several statistics of a row of results could be its effect, its interval or its p value, the first in this list is.
"""

from collections.abc import Collection
from dataclasses import replace

from omtrace.model.statistic import Role, Statistic, Unit

EFFECT, ESTIMATE, LOW, HIGH, SD, STANDARD_ERROR = (
    Role.EFFECT,
    Role.ESTIMATE,
    Role.LOW,
    Role.HIGH,
    Role.SD,
    Role.STANDARD_ERROR,
)
TEST, DF, P_VALUE, COUNT, SETTING, DECISION = Role.TEST, Role.DF, Role.P_VALUE, Role.COUNT, Role.SETTING, Role.DECISION
REFUSAL = Role.REFUSAL
NONE, PERCENT, OWN, SQUARED = Unit.NONE, Unit.PERCENT, Unit.OWN, Unit.SQUARED

NOT_COMPUTED = "not_computed"  # the statistic of what the data did not allow to be computed
TABLES = (
    "ranks",
    "effect sizes",
    "ratios",
    "number needed",
    "variances",
    "margin",
    "curve",
)  # below the table of a row, in this order


def _limits(
    interval: str,
    label: str,
    unit: Unit,
    decimals: int,
    least: int = 0,
    of: tuple[str, ...] | None = None,
    table: str = "",
    blank: str = "",
) -> list[Statistic]:
    """The lower and the upper limit of an interval; ``of``: by default the statistic that it is named after."""
    of = (interval.removesuffix("_ci"),) if of is None else of
    words = ("Lower limit of CI", "Upper limit of CI") if interval == "ci" else (f"{label}, {LOW}", f"{label}, {HIGH}")
    return [
        Statistic(f"{interval}_{end}", text, role, unit, decimals, least, of, interval, table=table, blank=blank)
        for end, text, role in zip(("low", "high"), words, (LOW, HIGH), strict=True)
    ]


def _needed(interval: str, label: str) -> tuple[Statistic, ...]:
    """The interval of a number needed to treat: its limits, or where it spans infinity its two ends."""
    limits = _limits(f"nnt_{interval}", f"NNT, {label}", NONE, 1, of=("nnt",), table="number needed")
    ends = {f"nnth_{interval}": f"NNT to harm, {label}", f"nntb_{interval}": f"NNT to benefit, {label}"}
    return (*limits, *(replace(limits[0], name=name, label=text, role=ESTIMATE) for name, text in ends.items()))


_EVERY = (
    # effects and estimates, each with its limits
    Statistic("difference", "Difference", EFFECT, OWN, 0, least=1, null=0.0, leads=True),
    Statistic("mean_change", "Mean change", EFFECT, OWN, 0, least=1, null=0.0, leads=True),
    Statistic("adjusted_mean", "Adjusted mean", ESTIMATE, OWN, 0, least=1, leads=True),
    Statistic("geometric_mean", "Geometric mean", ESTIMATE, OWN, 0, least=1, leads=True),
    *_limits("geometric_mean", "Geometric mean", OWN, 0, least=1),
    Statistic("risk_difference", "Risk difference", EFFECT, NONE, 3, null=0.0),
    Statistic("rate_ratio", "Rate ratio", EFFECT, NONE, 2, null=1.0, leads=True),
    Statistic("risk_ratio", "Risk ratio", EFFECT, NONE, 2, null=1.0, leads=True, table="ratios"),
    *_limits("risk_ratio", "Risk ratio", NONE, 2, table="ratios"),
    Statistic("odds_ratio", "Odds ratio", EFFECT, NONE, 2, null=1.0, leads=True, table="ratios"),
    *_limits("odds_ratio", "Odds ratio", NONE, 2, table="ratios"),
    Statistic("ratio", "Ratio", EFFECT, NONE, 2, null=1.0, leads=True),
    *_limits("ratio", "Ratio", NONE, 2),
    Statistic("hazard_ratio", "Hazard ratio", EFFECT, NONE, 2, null=1.0, leads=True, is_hazard=True),
    Statistic("interaction", "Interaction", EFFECT, OWN, 0, least=1, null=0.0, leads=True),
    Statistic("dose_slope", "Slope", EFFECT, OWN, 0, least=1, null=0.0, leads=True),
    Statistic("correlation_coefficient", "Correlation", EFFECT, NONE, 2, null=0.0, leads=True),
    Statistic("rate", "Rate", ESTIMATE, OWN, 0, leads=True),
    *_limits("rate", "Rate", OWN, 0),
    Statistic("estimate", "Estimate", EFFECT, OWN, 0, least=1, null=0.0, leads=True),
    *_limits("estimate_ci", "Estimate", OWN, 0, least=1),
    Statistic("mean", "Mean", ESTIMATE, OWN, 0, least=1, leads=True),
    Statistic("proportion", "Proportion", ESTIMATE, NONE, 3, leads=True),
    Statistic("hodges_lehmann", "Hodges–Lehmann", EFFECT, OWN, 0, least=1, null=0.0, leads=True, table="ranks"),
    *_limits("hodges_lehmann", "Hodges–Lehmann", OWN, 0, least=1, table="ranks"),
    Statistic("median", "Median", ESTIMATE, OWN, 0, least=1, leads=True),
    Statistic("median_time", "Median time", ESTIMATE, OWN, 0, blank="not reached"),
    *_limits("median_time", "Median time", OWN, 0, blank="not reached"),
    Statistic("survival", "Without event", ESTIMATE, NONE, 3, blank="beyond follow-up"),
    *_limits("survival", "Without event", NONE, 3, blank="undefined"),
    Statistic("restricted_mean", "Restricted mean", ESTIMATE, OWN, 0, least=1, leads=True),
    Statistic("alpha", "Cronbach’s α", ESTIMATE, NONE, 2, leads=True),
    Statistic("icc", "ICC", ESTIMATE, NONE, 2, leads=True),
    Statistic("icc_agreement", "ICC(2,1), agreement", ESTIMATE, NONE, 2, leads=True),
    # intervals that name no statistic, or a method instead
    *_limits("ci", "CI", OWN, 0, least=1, of=()),
    *_limits("newcombe", "Newcombe", NONE, 3, of=("risk_difference", "difference")),
    *_limits("miettinen_nurminen", "Miettinen–Nurminen", NONE, 3, of=("risk_difference", "difference")),
    *_limits("wald", "Wald", NONE, 3, of=("risk_difference", "difference")),
    *_limits("mee", "Mee", NONE, 3, of=("risk_difference", "difference")),
    *_limits("sato", "Sato", NONE, 3, of=("difference",)),
    *_limits("wilson", "Wilson", NONE, 3, of=("proportion",)),
    *_limits("clopper_pearson", "Clopper–Pearson", NONE, 3, of=("proportion",)),
    # other estimates, each with its limits
    Statistic("a", "a", ESTIMATE, OWN, 0),
    Statistic("agreement_lower", "Lower limit of agreement", ESTIMATE, OWN, 0, least=1),
    *_limits("agreement_lower", "Lower limit of agreement", OWN, 0, least=1),
    Statistic("agreement_upper", "Upper limit of agreement", ESTIMATE, OWN, 0, least=1),
    *_limits("agreement_upper", "Upper limit of agreement", OWN, 0, least=1),
    Statistic("assay_share", "Share of the assay in the variance", ESTIMATE, PERCENT, 1),
    Statistic("b", "b", ESTIMATE, OWN, 0),
    Statistic("back_calculated", "Back-calculated", ESTIMATE, OWN, 0),
    Statistic("c", "c", ESTIMATE, OWN, 0),
    Statistic("carry_over", "Carry-over", ESTIMATE, OWN, 0, least=1),
    *_limits("carry_over", "Carry-over", OWN, 0, least=1),
    Statistic("ceiling", "Ceiling", ESTIMATE, NONE, 3),
    *_limits("ceiling", "Ceiling", NONE, 3),
    Statistic("cohens_d", "Cohen’s d", ESTIMATE, NONE, 2, table="effect sizes"),
    *_limits("cohens_d_ci", "Cohen’s d", NONE, 2, table="effect sizes"),
    Statistic("cluster_size", "Mean size of a cluster", ESTIMATE, NONE, 1),
    Statistic("completion", "Completion", ESTIMATE, NONE, 3),
    *_limits("completion", "Completion", NONE, 3),
    Statistic("computed", "Computed", ESTIMATE, OWN, 0),
    Statistic("correlation", "Correlation", ESTIMATE, NONE, 2),
    Statistic("correlation_lower", "Correlation, lower limit", ESTIMATE, NONE, 2),
    Statistic("cv", "CV", ESTIMATE, PERCENT, 1),
    Statistic("curvature", "Curvature", ESTIMATE, OWN, 0),
    Statistic("curve_signal", "Signal of the curve", ESTIMATE, OWN, 0),
    Statistic("curve_survival", "Curve, without event", ESTIMATE, NONE, 3, table="curve"),
    *_limits("curve_survival", "Curve, without event", NONE, 3, table="curve", blank="undefined"),
    Statistic("d", "d", ESTIMATE, OWN, 0),
    Statistic("d_av", "Cohen’s d (av)", ESTIMATE, NONE, 2, table="effect sizes"),
    Statistic("d_z", "Cohen’s d (z)", ESTIMATE, NONE, 2, table="effect sizes"),
    *_limits("d_z_ci", "Cohen’s d (z)", NONE, 2, table="effect sizes"),
    Statistic("design_effect", "Design effect", ESTIMATE, NONE, 2),
    Statistic("difference_highest", "Largest difference", ESTIMATE, OWN, 0, least=1),
    Statistic("difference_lowest", "Smallest difference", ESTIMATE, OWN, 0, least=1),
    Statistic("dispersion", "Dispersion", ESTIMATE, NONE, 2),
    Statistic("efficiency", "Efficiency", ESTIMATE, PERCENT, 1),
    Statistic("estimate_highest", "Highest estimate", ESTIMATE, OWN, 0, least=1),
    Statistic("estimate_lowest", "Lowest estimate", ESTIMATE, OWN, 0, least=1),
    Statistic("excludes_from", "Excludes 0 from", ESTIMATE, OWN, 0),
    Statistic("excludes_to", "Excludes 0 to", ESTIMATE, OWN, 0),
    Statistic("floor", "Floor", ESTIMATE, NONE, 3),
    *_limits("floor", "Floor", NONE, 3),
    Statistic("fmi", "Missing information", ESTIMATE, NONE, 3),
    Statistic("g", "g", ESTIMATE, OWN, 0),
    Statistic("gg_epsilon", "GG ε", ESTIMATE, NONE, 3),
    Statistic("hedges_g", "Hedges’ g", ESTIMATE, NONE, 2, table="effect sizes"),
    *_limits("hedges_g_ci", "Hedges’ g", NONE, 2, table="effect sizes"),
    Statistic("hf_epsilon", "HF ε", ESTIMATE, NONE, 3),
    Statistic("hodges_lehmann_shift", "Hodges–Lehmann shift", ESTIMATE, OWN, 0, least=1, table="ranks"),
    *_limits("hodges_lehmann_shift", "Hodges–Lehmann shift", OWN, 0, least=1, table="ranks"),
    Statistic("icc_consistency", "ICC(3,1), consistency", ESTIMATE, NONE, 2),
    *_limits("icc_consistency", "ICC(3,1), consistency", NONE, 2),
    Statistic("intercept", "Intercept", ESTIMATE, OWN, 0),
    Statistic("largest_change", "Largest change", ESTIMATE, OWN, 0),
    Statistic("largest_cv", "Largest CV", ESTIMATE, PERCENT, 1),
    Statistic("largest_deviation", "Largest deviation", ESTIMATE, OWN, 0),
    Statistic("largest_difference", "Largest difference", ESTIMATE, OWN, 0),
    Statistic("lloq", "LLOQ", ESTIMATE, OWN, 0),
    Statistic("lod", "LOD", ESTIMATE, OWN, 0),
    Statistic("log_intercept", "Intercept of the logarithms", ESTIMATE, NONE, 4),
    Statistic("log_slope", "Slope of the logarithms", ESTIMATE, NONE, 4),
    Statistic("maximum", "Maximum", ESTIMATE, OWN, 0),
    Statistic("mean_a", "Mean, group", ESTIMATE, OWN, 0, least=1),
    Statistic("mean_after", "Mean after", ESTIMATE, OWN, 0, least=1),
    Statistic("mean_b", "Mean, reference", ESTIMATE, OWN, 0, least=1),
    Statistic("mean_before", "Mean before", ESTIMATE, OWN, 0, least=1),
    Statistic("mean_z", "Mean z", ESTIMATE, OWN, 0, least=1),
    Statistic("minimum", "Minimum", ESTIMATE, OWN, 0),
    Statistic("nnt", "NNT", ESTIMATE, NONE, 1, table="number needed"),
    *_needed("miettinen_nurminen", "Miettinen–Nurminen"),
    *_needed("newcombe", "Newcombe"),
    *_needed("wald", "Wald"),
    Statistic("parallel_slope", "Parallel slope", ESTIMATE, OWN, 0),
    Statistic("partial_eta_squared", "Partial η²", ESTIMATE, NONE, 3),
    *_limits("partial_eta_squared", "Partial η²", NONE, 3),
    Statistic("pearson_per_df", "Pearson χ² per df", ESTIMATE, NONE, 2),
    Statistic("percent", "Percent", ESTIMATE, PERCENT, 1),
    Statistic("period_effect", "Period effect", ESTIMATE, OWN, 0, least=1),
    *_limits("period_effect", "Period effect", OWN, 0, least=1),
    Statistic("position_effect", "Effect of place", ESTIMATE, PERCENT, 1),
    Statistic("power", "Power", ESTIMATE, NONE, 3),
    Statistic("proportion_a", "Proportion, group", ESTIMATE, NONE, 3),
    Statistic("proportion_b", "Proportion, reference", ESTIMATE, NONE, 3),
    Statistic("q1", "Lower quartile", ESTIMATE, OWN, 0, least=1),
    Statistic("q3", "Upper quartile", ESTIMATE, OWN, 0, least=1),
    Statistic("r_squared", "R²", ESTIMATE, NONE, 3),
    Statistic("recovery", "Recovery", ESTIMATE, PERCENT, 1),
    Statistic("relative_effect", "Relative effect", ESTIMATE, NONE, 3, table="ranks"),
    *_limits("relative_effect", "Relative effect", NONE, 3, table="ranks"),
    Statistic("residual_sd", "Residual SD", ESTIMATE, OWN, 0),
    *_limits("risk_ratio_score", "Risk ratio, score", NONE, 2, of=("risk_ratio",), table="ratios"),
    Statistic("rss", "RSS", ESTIMATE, OWN, 0),
    Statistic("rule_broken", "z where the rule broke", ESTIMATE, NONE, 2),
    Statistic("s", "s", ESTIMATE, OWN, 0),
    Statistic("sd", "SD", SD, OWN, 1, of=("mean",)),
    Statistic("sd_a", "SD, group", SD, OWN, 1, of=("mean_a",)),
    Statistic("sd_after", "SD after", SD, OWN, 1, of=("mean_after",)),
    Statistic("sd_b", "SD, reference", SD, OWN, 1, of=("mean_b",)),
    Statistic("sd_before", "SD before", SD, OWN, 1, of=("mean_before",)),
    Statistic("sd_change", "SD of change", SD, OWN, 1, of=("mean_change",)),
    Statistic("sd_left", "SD of a sample about its plate", ESTIMATE, OWN, 1),
    Statistic("sd_log", "SD of the logarithms", ESTIMATE, OWN, 1),
    Statistic("sd_lower", "SD, lower limit", ESTIMATE, OWN, 1),
    Statistic("sd_shift", "SD between plates", ESTIMATE, OWN, 1),
    Statistic("sd_upper", "SD, upper limit", ESTIMATE, OWN, 1),
    Statistic("sem_agreement", "SEM, agreement", ESTIMATE, OWN, 0, least=1),
    Statistic("sem_consistency", "SEM, consistency", ESTIMATE, OWN, 0, least=1),
    Statistic("share", "Share", ESTIMATE, PERCENT, 1, table="variances"),
    Statistic("slope", "Slope", ESTIMATE, OWN, 0),
    Statistic("smallest_detectable_change", "Smallest detectable change", ESTIMATE, OWN, 0, least=1),
    Statistic("standardised_difference", "Standardised difference", ESTIMATE, NONE, 2),
    Statistic("threshold", "Threshold", ESTIMATE, NONE, 2),
    Statistic("uloq", "ULOQ", ESTIMATE, OWN, 0),
    Statistic("working_correlation", "Correlation", ESTIMATE, NONE, 3),
    Statistic("variance", "Variance", ESTIMATE, SQUARED, 2, table="variances"),
    # standard errors
    Statistic("a_se", "SE of a", STANDARD_ERROR, OWN, 0, of=("a",)),
    Statistic("b_se", "SE of b", STANDARD_ERROR, OWN, 0, of=("b",)),
    Statistic("c_se", "SE of c", STANDARD_ERROR, OWN, 0, of=("c",)),
    Statistic("d_se", "SE of d", STANDARD_ERROR, OWN, 0, of=("d",)),
    Statistic("curvature_se", "SE of curvature", STANDARD_ERROR, OWN, 0, of=("curvature",)),
    Statistic("dispersion_se", "SE of dispersion", STANDARD_ERROR, NONE, 2, of=("dispersion",)),
    Statistic("g_se", "SE of g", STANDARD_ERROR, OWN, 0, of=("g",)),
    Statistic("intercept_se", "SE of intercept", STANDARD_ERROR, OWN, 0, of=("intercept",)),
    Statistic("log_intercept_se", "SE of intercept of the logarithms", STANDARD_ERROR, NONE, 4, of=("log_intercept",)),
    Statistic("log_slope_se", "SE of slope of the logarithms", STANDARD_ERROR, NONE, 4, of=("log_slope",)),
    Statistic("mcse", "Monte Carlo SE", STANDARD_ERROR, NONE, 3),
    Statistic("rank_difference_se", "SE of difference of mean ranks", STANDARD_ERROR, NONE, 2, of=("rank_difference",)),
    Statistic("relative_effect_se", "SE", STANDARD_ERROR, NONE, 3, of=("relative_effect",), table="ranks"),
    Statistic("se", "SE", STANDARD_ERROR, OWN, 1),
    Statistic("se_curve", "SE from curves", STANDARD_ERROR, OWN, 1),
    Statistic("se_log", "SE of the logarithm", STANDARD_ERROR, NONE, 3),
    Statistic("se_shift", "SE from shifts", STANDARD_ERROR, OWN, 1),
    Statistic("se_wells", "SE from wells", STANDARD_ERROR, OWN, 1),
    Statistic("slope_se", "SE of slope", STANDARD_ERROR, OWN, 0, of=("slope",)),
    Statistic("threshold_se", "SE of threshold", STANDARD_ERROR, NONE, 2, of=("threshold",)),
    # test statistics, and criteria of fit
    Statistic("aic", "AIC", TEST, NONE, 2),
    Statistic("chi_squared", "χ²", TEST, NONE, 2),
    Statistic("f", "F", TEST, NONE, 2),
    Statistic("grubbs_g", "Grubbs’ G", TEST, NONE, 2),
    Statistic("jonckheere_j", "J", TEST, NONE, 1),
    Statistic("mann_whitney_u", "Mann–Whitney U", TEST, NONE, 1, table="ranks"),
    Statistic("minus_2_log_likelihood", "−2 log L", TEST, NONE, 2),
    Statistic("rank_difference", "Difference of mean ranks", TEST, NONE, 1),
    Statistic("relative_effect_t", "Brunner–Munzel t", TEST, NONE, 2, table="ranks"),
    Statistic("signed_rank_v", "Signed rank V", TEST, NONE, 1, table="ranks"),
    Statistic("t", "t", TEST, NONE, 2),
    Statistic("t_squared", "T²", TEST, NONE, 2),
    Statistic("z", "z", TEST, NONE, 2),
    # degrees of freedom
    Statistic("df", "df", DF, NONE, 1),
    Statistic("df_1", "df 1", DF, NONE, 0),
    Statistic("df_2", "df 2", DF, NONE, 1),
    Statistic("relative_effect_df", "Brunner–Munzel df", DF, NONE, 1, table="ranks"),
    # p values: where a row has several, the first that belongs to its effect
    Statistic("p", "p", P_VALUE, NONE, 3),
    Statistic("signed_rank_p", "Signed rank p", P_VALUE, NONE, 3, of=("hodges_lehmann", "mean_change"), table="ranks"),
    Statistic(
        "mann_whitney_p", "Mann–Whitney p", P_VALUE, NONE, 3, of=("hodges_lehmann_shift", "difference"), table="ranks"
    ),
    Statistic(
        "fisher_p",
        "Fisher p",
        P_VALUE,
        NONE,
        3,
        of=("risk_difference", "risk_ratio", "odds_ratio", "difference"),
        table="ratios",
    ),
    Statistic("cmh_p", "CMH p", P_VALUE, NONE, 3, of=("difference", "odds_ratio")),
    Statistic("chi_squared_p", "χ² p", P_VALUE, NONE, 3, of=("difference",)),
    Statistic("permutation_p", "Permutation p", P_VALUE, NONE, 3, of=("difference",)),
    Statistic("relative_effect_p", "Brunner–Munzel p", P_VALUE, NONE, 3, of=("relative_effect",), table="ranks"),
    Statistic("gg_p", "GG p", P_VALUE, NONE, 3, of=("f",)),
    Statistic("hf_p", "HF p", P_VALUE, NONE, 3, of=("f",)),
    Statistic("grubbs_p", "Grubbs’ p", P_VALUE, NONE, 3, of=("grubbs_g",), claims=False),
    Statistic("naive_p", "p if every record counted as one (wrong)", P_VALUE, NONE, 3, of=("p",), claims=False),
    Statistic("period_effect_p", "Period effect p", P_VALUE, NONE, 3, of=("period_effect",), claims=False),
    Statistic("carry_over_p", "Carry-over p", P_VALUE, NONE, 3, of=("carry_over",), claims=False),
    Statistic("proportional_hazards_p", "p of the check", P_VALUE, NONE, 3, of=("chi_squared",), claims=False),
    Statistic("adjusted_p", "Adjusted p", P_VALUE, NONE, 3, of=("p",)),
    # counts
    Statistic("at_high_end", "At the high end", COUNT, NONE, 0),
    Statistic("at_low_end", "At the low end", COUNT, NONE, 0),
    Statistic("at_risk", "At risk", COUNT, NONE, 0),
    Statistic("changes", "Changes", COUNT, NONE, 0),
    Statistic("clusters", "Clusters", COUNT, NONE, 0),
    Statistic("complete", "Complete", COUNT, NONE, 0),
    Statistic("conclusions_turned", "Conclusions turned", COUNT, NONE, 0),
    Statistic("count", "Count", COUNT, NONE, 0),
    Statistic("count_a", "Count, group", COUNT, NONE, 0),
    Statistic("count_b", "Count, reference", COUNT, NONE, 0),
    Statistic("covariance_parameters", "Parameters", COUNT, NONE, 0),
    Statistic("curve_at_risk", "Curve, at risk", COUNT, NONE, 0, table="curve"),
    Statistic("curve_events", "Curve, events", COUNT, NONE, 0, table="curve"),
    Statistic("dropped_out", "Dropped out", COUNT, NONE, 0),
    Statistic("enrolled_in_all", "Enrolled in all", COUNT, NONE, 0),
    Statistic("enrolled_per_group", "Enrolled per group", COUNT, NONE, 0),
    Statistic("estimates", "Estimates", COUNT, NONE, 0),
    Statistic("events", "Events", COUNT, NONE, 0),
    Statistic("groups", "Groups", COUNT, NONE, 0, table="variances"),
    Statistic("imputations", "Imputations", COUNT, NONE, 0),
    Statistic("imputed", "Imputed", COUNT, NONE, 0),
    Statistic("imputed_after_drop_out", "Of these, after drop-out", COUNT, NONE, 0),
    Statistic("intermittent", "Intermittent", COUNT, NONE, 0),
    Statistic("intervals_above_0", "Intervals above 0", COUNT, NONE, 0),
    Statistic("intervals_below_0", "Intervals below 0", COUNT, NONE, 0),
    Statistic("intervals_without_null", "Intervals without null", COUNT, NONE, 0),
    Statistic("items", "Items", COUNT, NONE, 0),
    Statistic("levels", "Levels", COUNT, NONE, 0),
    Statistic("missing", "Missing", COUNT, NONE, 0),
    Statistic("n", "n", COUNT, NONE, 0),
    Statistic("n_a", "n, group", COUNT, NONE, 0),
    Statistic("n_above", "Above limit", COUNT, NONE, 0),
    Statistic("n_b", "n, reference", COUNT, NONE, 0),
    Statistic("n_below", "Below limit", COUNT, NONE, 0),
    Statistic("n_below_a", "Below limit, group", COUNT, NONE, 0),
    Statistic("n_below_b", "Below limit, reference", COUNT, NONE, 0),
    Statistic("n_nonzero", "n not zero", COUNT, NONE, 0, table="ranks"),
    Statistic("none_observed", "None observed", COUNT, NONE, 0),
    Statistic("not_estimable", "Not estimable", COUNT, NONE, 0),
    Statistic("observed", "Observed", COUNT, NONE, 0),
    Statistic("only_a", "Yes with the first alone", COUNT, NONE, 0),
    Statistic("only_b", "Yes with the second alone", COUNT, NONE, 0),
    Statistic("over_limit", "Over limit", COUNT, NONE, 0),
    Statistic("parameters", "Parameters", COUNT, NONE, 0),
    Statistic("per_group", "n per group", COUNT, NONE, 0),
    Statistic("plates", "Plates", COUNT, NONE, 0),
    Statistic("refused", "Refused", COUNT, NONE, 0),
    Statistic("removals", "Removals", COUNT, NONE, 0),
    Statistic("replicates", "Replicates", COUNT, NONE, 0),
    Statistic("rules_broken", "Rules broken", COUNT, NONE, 0),
    Statistic("same_direction", "Same direction", COUNT, NONE, 0),
    Statistic("samples_refused", "Samples not fitted", COUNT, NONE, 0),
    Statistic("shared", "Shared samples", COUNT, NONE, 0),
    Statistic("signs_turned", "Signs turned", COUNT, NONE, 0),
    Statistic("thresholds", "Thresholds", COUNT, NONE, 0),
    Statistic("units_to_turn", "Removals until the conclusion turns", COUNT, NONE, 0),
    Statistic("units_in_all", "Units in all", COUNT, NONE, 0),
    Statistic("units_per_group", "Units per group", COUNT, NONE, 0),
    Statistic("values", "Values", COUNT, NONE, 0),
    Statistic("warnings", "Warnings", COUNT, NONE, 0),
    Statistic("within_limit", "Within limit", COUNT, NONE, 0),
    # settings
    Statistic("curve_time", "Curve, time", SETTING, OWN, 0, table="curve"),
    Statistic("delta", "Delta", SETTING, OWN, 0),
    Statistic("exposure", "Exposure", SETTING, OWN, 0),
    Statistic("go_from", "Go from", SETTING, OWN, 0),
    Statistic("improvement", "Improvement", SETTING, OWN, 0),
    Statistic("margin_high", "Upper margin", SETTING, OWN, 0, table="margin"),
    Statistic("margin_low", "Lower margin", SETTING, OWN, 0, table="margin"),
    Statistic("printed", "Printed", SETTING, OWN, 0),
    Statistic("reference_delta", "Reference delta", SETTING, OWN, 0),
    Statistic("stop_below", "Stop below", SETTING, OWN, 0),
    # decisions
    Statistic("conclusion_depends", "Depends on the threshold", DECISION, NONE, 0, codes=("no", "yes")),
    Statistic("concordant", "Concordant", DECISION, NONE, 0, codes=("no", "yes")),
    Statistic(
        "few_clusters",
        "Few clusters",
        DECISION,
        NONE,
        0,
        codes=("no", "yes: below 4 degrees of freedom p and interval are unreliable"),
    ),
    Statistic("fitted", "Converged", DECISION, NONE, 0, codes=("no", "yes")),
    Statistic("in_model", "In the model", DECISION, NONE, 0, codes=("no, at zero", "yes"), table="variances"),
    Statistic(
        "interval_excludes", "Interval excludes", DECISION, NONE, 0, codes=("nothing", "stop", "go", "stop and go")
    ),
    Statistic("jonckheere_exact", "Exact", DECISION, NONE, 0, codes=("no", "yes")),
    Statistic("method_exact", "Exact", DECISION, NONE, 0, codes=("no", "yes"), table="ranks"),
    Statistic("permutation_exact", "All splits", DECISION, NONE, 0, codes=("no", "yes")),
    Statistic(
        "noninferiority",
        "Non-inferiority",
        DECISION,
        NONE,
        0,
        codes=("inferior", "non-inferiority not shown", "non-inferior", "non-inferior, and superior"),
        table="margin",
    ),
    Statistic(
        "equivalence",
        "Equivalence",
        DECISION,
        NONE,
        0,
        codes=("not equivalent", "equivalence not shown", "equivalent"),
        table="margin",
    ),
    Statistic("not_computed", "Not computed", REFUSAL, NONE, 0),
    Statistic("plate_verdict", "Verdict", DECISION, NONE, 0, codes=("rejected", "accepted with flags", "accepted")),
    Statistic("rejected", "Rejected", DECISION, NONE, 0, codes=("no", "yes")),
    Statistic("tips", "Tips", DECISION, NONE, 0, codes=("no", "yes")),
    Statistic("verdict", "Verdict", DECISION, NONE, 0, codes=("stop", "amend", "go")),
)

STATISTICS: dict[str, Statistic] = {statistic.name: statistic for statistic in _EVERY}
EFFECTS = tuple(statistic for statistic in _EVERY if statistic.role is EFFECT)
P_VALUES = tuple(statistic for statistic in _EVERY if statistic.role is P_VALUE)
LEADING = tuple(statistic for statistic in _EVERY if statistic.leads)
# The names of the limits of each interval, in order.
INTERVALS: dict[str, tuple[str, str]] = {
    low.interval: (low.name, high.name)
    for low in _EVERY
    for high in _EVERY
    if (low.role, high.role, low.interval) == (LOW, HIGH, high.interval)
}


def statistic_of(name: str) -> Statistic:
    """The statistic of a name.

    Raises
    ------
    LookupError
        Where it is not registered: an error of the program, not of a plan.
    """
    if name not in STATISTICS:
        raise LookupError(
            f"statistic {name!r} is not registered: give it a line in model/statistics.py, with label, role and unit"
        )
    return STATISTICS[name]


# Shares of 1, which people read in percent: the quantities of these names, and their limits.
SHARES = (
    "proportion",
    "proportion_a",
    "proportion_b",
    "floor",
    "ceiling",
    "completion",
    "risk_difference",
    "survival",
    "curve_survival",
)
OF_SHARES = ("newcombe", "miettinen_nurminen", "wald", "mee", "sato", "wilson", "clopper_pearson", *SHARES)


def is_share(name: str, beside: Collection[str]) -> bool:
    """Whether a statistic is a share of 1, or a difference of two.

    Parameters
    ----------
    name
        The statistic.
    beside
        The statistics of its row of results: a difference with an interval for shares is one of shares, and so
        are the limits of a criterion that is a proportion.
    """
    if name in ("stop_below", "go_from"):
        return "proportion" in beside
    if name in ("difference", "margin_low", "margin_high"):
        return any(f"{interval}_low" in beside for interval in OF_SHARES[:4])
    return name in SHARES or statistic_of(name).interval in OF_SHARES


# Counts of units (participants, animals); other counts are of iterations, items or thresholds.
OF_UNITS = frozenset(
    "n n_a n_b n_above n_below n_below_a n_below_b n_nonzero count count_a count_b missing events complete dropped_out "
    "intermittent none_observed observed imputed imputed_after_drop_out at_high_end at_low_end within_limit over_limit "
    "conclusions_turned signs_turned not_estimable at_risk".split()
)
# The value of a single unit, or due to one.
OF_ONE_UNIT = frozenset(
    "minimum maximum estimate_lowest estimate_highest largest_change largest_deviation largest_difference grubbs_g "
    "grubbs_p".split()
)
# The steps of a survival curve: each is the time of the units that had the event then, most often of one.
OF_EVENTS = frozenset(
    "curve_time curve_at_risk curve_events curve_survival curve_survival_low curve_survival_high".split()
)
# Of order statistics, the smaller share of the units on one side.
QUANTILES = {"q1": 0.25, "median": 0.5, "q3": 0.25}
