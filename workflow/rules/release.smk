# Needs: the results of a study, recorded. Makes: releases/<study>.zip, which a reviewer can check alone.


rule release_study:
    """Put the results that may leave, plan, register, code, environment and lineage into one zip file."""
    input:
        stage=stage_of("record"),
        recorded=rules.record_manifest.output,
    output:
        packet="releases/{study}.zip",
    log:
        "logs/{study}/release_study.log",
    localrule: True
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/release_study.py"


# The packets of all shipped studies.
rule release:
    input:
        shipped_packets,
    localrule: True
