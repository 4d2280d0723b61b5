"""Rule read_exports."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.validation.validate import read_exports

    read_exports(job.inputs.plan, job.inputs.register, snakemake.output.part)
