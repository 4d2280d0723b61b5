"""Rule analyse_datasets."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.analyses.run import analyse_study

    analyse_study(job.inputs.plan, snakemake.input.datasets, job.folder)
