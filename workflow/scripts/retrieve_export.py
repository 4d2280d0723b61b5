"""Rule retrieve_export."""

from functools import partial

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.lineage.ledger import append_retrieval
    from omtrace.study.register import export_at, read_register
    from omtrace.study.retrieve import retrieve

    export = export_at(read_register(), snakemake.output[0])
    record = partial(append_retrieval, export.study, export.path, export.sha256)
    retrieve(export, snakemake.output[0], snakemake.config["mirror"], record=record)
