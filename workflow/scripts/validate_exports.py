"""Rule validate_exports."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.checks.validate import validate_study
    from omtrace.study.plan import plan_file, read_plan
    from omtrace.study.register import read_register

    study = snakemake.wildcards.study
    validate_study(
        read_plan(plan_file(study)),
        read_register(),
        snakemake.log.findings,
        snakemake.output.validated,
        cache=f"cache/{study}",
    )
