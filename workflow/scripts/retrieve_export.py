"""Rule retrieve_export."""

from functools import partial

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.model.register import Export
    from omtrace.model.retrieve import retrieve
    from omtrace.provenance.ledger import append_retrieval

    export = Export(**snakemake.params.row)
    record = partial(append_retrieval, export.study, export.path, export.sha256, root=snakemake.params.home)
    retrieve(export, snakemake.output[0], snakemake.params.mirror, record=record)
