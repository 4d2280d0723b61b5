"""Rule record_manifest."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.provenance.manifest import record

    record(job.inputs.study, job.home, job.place)
