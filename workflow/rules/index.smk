# Needs: the results of the shipped studies. Makes: a page of all studies, and of each one of what the checks found.


rule write_index:
    """Write results/index.html: the answer, the state and the lineage of each study, with links to its pages."""
    input:
        stage=index_stage,
        manifests=expand("results/{study}/manifest.json", study=SHIPPED),
        abstracts=expand("results/{study}/abstract.json", study=SHIPPED),
    output:
        index=report("results/index.html", caption="../report/index.rst", category="All studies"),
        pages=directory("results/validation"),
    log:
        "logs/write_index.log",
    localrule: True
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/write_index.py"
