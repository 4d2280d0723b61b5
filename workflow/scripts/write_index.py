"""Rule write_index."""

from pathlib import Path

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.intake.query_log import states_of
    from omtrace.provenance.ledger import findings_of_runs
    from omtrace.report.index import write_index

    documents = job.inputs.documents
    queries = states_of(documents)
    home = Path(snakemake.input.stage).parents[2]  # of results/stages/index.json
    paths = snakemake.output.index, snakemake.output.pages
    write_index([*snakemake.input.manifests, *documents], queries, *paths, findings_of_runs(home))
