"""Rule retrieve_export."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.lineage.ledger import append
    from omtrace.study.register import Export
    from omtrace.study.retrieve import retrieve

    export = Export(**snakemake.params.row)
    source = retrieve(export, snakemake.output[0], snakemake.params.mirror)
    append("retrieve", export.study, {"path": export.path, "sha256": export.sha256, "from": source})
