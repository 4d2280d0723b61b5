# Needs: results/<study>/datasets. Makes: estimates, row sets and definitions.


rule analyse_datasets:
    """Run every analysis of the plan and store each number with its rows."""
    input:
        stage=stage_of("analyse"),
        datasets=rules.derive_datasets.output.datasets,
        listing=rules.derive_datasets.output.listing,
    output:
        estimates=report(
            "results/{study}/estimates.csv",
            caption="../report/estimates.rst",
            category="{study}",
            subcategory="Tables",
            labels={"table": "estimates"},
        ),
        rowsets="results/{study}/rowsets.parquet",
        definitions="results/{study}/definitions.json",
        listing="results/{study}/stages/analyse.sha256",
    log:
        "logs/{study}/analyse_datasets.log",
    conda:
        "../../envs/pipeline.yaml"
    threads: 1
    resources:
        mem_mb=study_memory_mb,
        runtime=study_runtime,
    script:
        "../scripts/analyse_datasets.py"
