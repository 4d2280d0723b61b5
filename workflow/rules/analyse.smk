# Needs: results/<study>/datasets. Makes: estimates, row sets and definitions.


rule analyse_datasets:
    """Run every analysis of the plan and store each number with its rows."""
    input:
        stage=stage_of("analyse"),
        datasets=rules.derive_datasets.output.datasets,
        listing=rules.derive_datasets.output.listing,
    output:
        estimates="results/{study}/estimates.csv",
        rowsets="results/{study}/rowsets.parquet",
        definitions="results/{study}/definitions.json",
        listing="results/{study}/stages/analyse.sha256",
    log:
        "logs/{study}/analyse_datasets.log",
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/analyse_datasets.py"
