"""Rule derive_datasets."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.derive.records import derive_study
    from omtrace.study.plan import plan_file, read_plan

    plan = read_plan(plan_file(snakemake.wildcards.study))
    derive_study(plan, snakemake.input.validated, snakemake.output.datasets)
