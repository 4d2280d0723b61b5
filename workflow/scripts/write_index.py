"""Rule write_index."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.intake.query_log import states_of
    from omtrace.report.index import write_index

    documents = job.inputs.documents
    queries = states_of(documents)
    write_index([*snakemake.input.manifests, *documents], queries, snakemake.output.index, snakemake.output.pages)
