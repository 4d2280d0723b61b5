# Needs: the register, a mirror folder or the network. Makes: data/raw/<study>/<file> of retrieved studies.


rule retrieve_export:
    """Bring a file from its publisher or a mirror, and refuse other bytes than the registered ones."""
    output:
        update("data/raw/{file}"),
    log:
        "logs/retrieve/{file}.log",
    wildcard_constraints:
        file=retrieved_paths(),
    params:
        row=register_row,
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/retrieve_export.py"


for study in STUDIES:

    rule:
        name:
            study
        localrule: True
        input:
            results_of(study),
            plates_of(study),
            [export.path for export in exports_of(EXPORTS, study)],
