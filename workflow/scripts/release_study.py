"""Rule release_study."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.audit.packet import release

    release(job.inputs.study, snakemake.output.packet, root=job.home)
