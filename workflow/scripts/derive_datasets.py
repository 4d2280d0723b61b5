"""Rule derive_datasets."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.derivations.records import derive_study

    derive_study(job.inputs.plan, snakemake.input.validated, snakemake.output.datasets)
