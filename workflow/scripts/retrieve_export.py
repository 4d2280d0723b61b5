"""Rule retrieve_export."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.lineage.ledger import append
    from omtrace.study.register import export_at, read_register
    from omtrace.study.retrieve import retrieve

    export = export_at(read_register(), snakemake.output[0])
    source = retrieve(export, snakemake.output[0], snakemake.config["mirror"])
    append("retrieve", export.study, {"path": export.path, "sha256": export.sha256, "from": source})
