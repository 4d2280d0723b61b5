"""Rule draw_plates."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.model.groups import with_groups
    from omtrace.report.plates import write_plates

    write_plates(with_groups(job.inputs.plan, snakemake.input.datasets), job.folder, snakemake.output.plates)
