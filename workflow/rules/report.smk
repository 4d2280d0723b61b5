# Needs: estimates and datasets. Makes: figures, the report, the manifest.


rule draw_figures:
    """Draw the figures of the plan from estimates and datasets."""
    input:
        estimates=rules.analyse_datasets.output.estimates,
        datasets=rules.derive_datasets.output.datasets,
    output:
        figures=directory("results/{study}/figures"),
    log:
        "logs/{study}/draw_figures.log",
    params:
        asked=asked_of("draw_figures"),
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/draw_figures.py"


rule draw_plates:
    """Draw a page for each plate: verdict, heat map, curve, standards read back, wells and what was left out."""
    input:
        estimates=rules.analyse_datasets.output.estimates,
        rowsets=rules.analyse_datasets.output.rowsets,
        datasets=rules.derive_datasets.output.datasets,
    output:
        plates=directory("results/{study}/plates"),
    log:
        "logs/{study}/draw_plates.log",
    params:
        asked=asked_of("draw_plates"),
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/draw_plates.py"


rule write_report:
    """Write the offline report, in which each number shows its raw rows."""
    input:
        raw=retrieved_of,
        validated=rules.validate_exports.output.validated,
        datasets=rules.derive_datasets.output.datasets,
        estimates=rules.analyse_datasets.output.estimates,
        rowsets=rules.analyse_datasets.output.rowsets,
        definitions=rules.analyse_datasets.output.definitions,
        figures=rules.draw_figures.output.figures,
    output:
        report="results/{study}/report.html",
        dictionary=directory("results/{study}/dictionary"),
    log:
        "logs/{study}/write_report.log",
    params:
        raw=raw_digests,
        asked=asked_of("write_report"),
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/write_report.py"


rule record_manifest:
    """Write down the digests of everything that a study's results were made of."""
    input:
        report=rules.write_report.output.report,
        plates=plates_of(),
    output:
        manifest="results/{study}/manifest.json",
    log:
        "logs/{study}/record_manifest.log",
    params:
        code=code_digests,
        raw=raw_digests,
        environment=ENVIRONMENT,
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/record_manifest.py"
