"""Rule validate_exports."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.validation.validate import validate_study

    validate_study(
        job.inputs.plan,
        job.inputs.register,
        snakemake.log.findings,
        snakemake.output.validated,
        parts=snakemake.input.parts,
    )
