"""Rule analyse_datasets."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.analyses.run import analyse_study
    from omtrace.study.plan import plan_file, read_plan

    plan = read_plan(plan_file(snakemake.wildcards.study))
    analyse_study(plan, snakemake.input.datasets, f"results/{plan.study}")
