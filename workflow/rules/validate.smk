# Needs: the raw exports of a study. Makes: results/<study>/validated, results/<study>/datasets.


rule validate_exports:
    """Read, type and check a study's exports; quarantine what does not fit, with reasons."""
    input:
        raw=retrieved_of,
    output:
        validated=directory("results/{study}/validated"),
    log:
        "logs/{study}/validate_exports.log",
        findings="logs/{study}/findings.csv",
    params:
        raw=raw_digests,
        asked=asked_of("validate_exports"),
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/validate_exports.py"


rule derive_datasets:
    """Score, normalise and calibrate: one record for each unit, parameter and visit."""
    input:
        validated=rules.validate_exports.output.validated,
    output:
        datasets=directory("results/{study}/datasets"),
    log:
        "logs/{study}/derive_datasets.log",
    params:
        asked=asked_of("derive_datasets"),
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/derive_datasets.py"
