# Needs: the raw exports of a study. Makes: results/<study>/read, validated, datasets.


rule read_exports:
    """Read, type and check the files of a bucket, each by itself; only a study of many files is read so."""
    input:
        stage=stage_of("read-{bucket}"),
        raw=raw_of_bucket,
    output:
        part=directory("results/{study}/read/{bucket}"),
        listing="results/{study}/stages/read-{bucket}.sha256",
    log:
        "logs/{study}/read_exports/{bucket}.log",
    wildcard_constraints:
        bucket="[0-9]{3}",
    conda:
        "../../envs/pipeline.yaml"
    threads: 1
    resources:
        mem_mb=bucket_memory_mb,
        runtime=bucket_runtime,
    script:
        "../scripts/read_exports.py"


rule validate_exports:
    """Read, type and check a study's exports; quarantine what does not fit, with reasons."""
    input:
        stage=stage_of("validate"),
        raw=raw_of,
        parts=parts_of,
        listings=part_listings,
    output:
        validated=directory("results/{study}/validated"),
        listing="results/{study}/stages/validate.sha256",
    log:
        "logs/{study}/validate_exports.log",
        findings="logs/{study}/findings.csv",
    conda:
        "../../envs/pipeline.yaml"
    threads: 1
    resources:
        mem_mb=study_memory_mb,
        runtime=study_runtime,
    script:
        "../scripts/validate_exports.py"


rule derive_datasets:
    """Score, normalise and calibrate: one record for each unit, parameter and visit."""
    input:
        stage=stage_of("derive"),
        validated=rules.validate_exports.output.validated,
        listing=rules.validate_exports.output.listing,
    output:
        datasets=directory("results/{study}/datasets"),
        listing="results/{study}/stages/derive.sha256",
    log:
        "logs/{study}/derive_datasets.log",
    conda:
        "../../envs/pipeline.yaml"
    threads: 1
    resources:
        mem_mb=study_memory_mb,
        runtime=study_runtime,
    script:
        "../scripts/derive_datasets.py"
