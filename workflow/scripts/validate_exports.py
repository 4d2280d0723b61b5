"""Rule validate_exports."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.checks.validate import validate_study
    from omtrace.study.plan import plan_file, read_plan
    from omtrace.study.register import read_register

    plan = read_plan(plan_file(snakemake.wildcards.study))
    validate_study(plan, read_register(), snakemake.log.findings, snakemake.output.validated)
