"""Rule record_manifest."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.lineage.manifest import record

    record(snakemake.wildcards.study)
