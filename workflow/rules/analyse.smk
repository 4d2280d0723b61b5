# Needs: results/<study>/datasets. Makes: estimates, row sets and definitions.


rule analyse_datasets:
    """Run every analysis of the plan and store each number with its rows."""
    input:
        datasets=rules.derive_datasets.output.datasets,
    output:
        estimates="results/{study}/estimates.csv",
        rowsets="results/{study}/rowsets.parquet",
        definitions="results/{study}/definitions.json",
    log:
        "logs/{study}/analyse_datasets.log",
    params:
        asked=asked_of("analyse_datasets"),
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/analyse_datasets.py"
