# Needs: the register, a mirror folder or the network. Makes: the raw files of retrieved studies.


rule retrieve_export:
    """Bring a file from its publisher or a mirror, and refuse other bytes than the registered ones."""
    output:
        local(update(f"{CONFIG.raw}/{{file}}")),
    log:
        "logs/retrieve/{file}.log",
    wildcard_constraints:
        file=retrieved_paths(),
    localrule: True
    conda:
        "../../envs/pipeline.yaml"
    params:
        row=register_row,
        mirror=CONFIG.mirror,
        home=HOME,
    script:
        "../scripts/retrieve_export.py"
