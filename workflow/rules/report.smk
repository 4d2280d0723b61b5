# Needs: estimates, datasets and raw exports. Makes: figures, the report, the dictionary, plate pages, the manifest.


rule render_results:
    """Draw the figures, and write the data dictionary and the offline report, in which each number shows its raw rows."""
    input:
        stage=stage_of("render"),
        raw=raw_of,
        validated=rules.validate_exports.output.validated,
        datasets=rules.derive_datasets.output.datasets,
        estimates=rules.analyse_datasets.output.estimates,
        rowsets=rules.analyse_datasets.output.rowsets,
        definitions=rules.analyse_datasets.output.definitions,
        listing=rules.analyse_datasets.output.listing,
    output:
        figures=directory("results/{study}/figures"),
        dictionary=directory("results/{study}/dictionary"),
        report="results/{study}/report.html",
        listing="results/{study}/stages/render.sha256",
    log:
        "logs/{study}/render_results.log",
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/render_results.py"


rule draw_plates:
    """Draw a page for each plate: verdict, heat map, curve, standards read back, wells and what was left out."""
    input:
        stage=stage_of("plates"),
        estimates=rules.analyse_datasets.output.estimates,
        rowsets=rules.analyse_datasets.output.rowsets,
        datasets=rules.derive_datasets.output.datasets,
        listing=rules.analyse_datasets.output.listing,
    output:
        plates=directory("results/{study}/plates"),
        listing="results/{study}/stages/plates.sha256",
    log:
        "logs/{study}/draw_plates.log",
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/draw_plates.py"


rule record_manifest:
    """Write down the digests of everything that a study's results were made of."""
    localrule: True
    input:
        stage=stage_of("record"),
        validated=rules.validate_exports.output,
        datasets=rules.derive_datasets.output,
        estimates=rules.analyse_datasets.output,
        report=rules.render_results.output,
        plates=plates_of_study,
    output:
        manifest="results/{study}/manifest.json",
    log:
        "logs/{study}/record_manifest.log",
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/record_manifest.py"
