"""Rule record_manifest."""

from omtrace.job import recorded
from omtrace.lineage.manifest import record

with recorded(snakemake):
    record(snakemake.wildcards.study)
