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
        figures=report(
            directory("results/{study}/figures"),
            patterns=["{figure}.svg"],
            caption="../report/figure.rst",
            category="{study}",
            subcategory="Figures",
            labels={"figure": "{figure}"},
        ),
        dictionary=report(
            directory("results/{study}/dictionary"),
            patterns=["{page}.html"],
            caption="../report/dictionary.rst",
            category="{study}",
            subcategory="Data dictionary",
            labels={"page": "{page}"},
        ),
        report=report(
            "results/{study}/report.html",
            caption="../report/report.rst",
            category="{study}",
            labels={"page": "report"},
        ),
        abstract="results/{study}/abstract.json",
        tidy="results/{study}/estimates_tidy.csv",
        tidy_parquet="results/{study}/estimates_tidy.parquet",
        listing="results/{study}/stages/render.sha256",
    log:
        "logs/{study}/render_results.log",
    conda:
        "../../envs/pipeline.yaml"
    threads: 1
    resources:
        mem_mb=study_memory_mb,
        runtime=study_runtime,
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
        plates=report(
            directory("results/{study}/plates"),
            patterns=["{plate}.html"],
            caption="../report/plates.rst",
            category="{study}",
            subcategory="Plates",
            labels={"plate": "{plate}"},
        ),
        listing="results/{study}/stages/plates.sha256",
    log:
        "logs/{study}/draw_plates.log",
    conda:
        "../../envs/pipeline.yaml"
    threads: 1
    resources:
        mem_mb=study_memory_mb,
        runtime=study_runtime,
    script:
        "../scripts/draw_plates.py"


rule record_manifest:
    """Write down the digests of everything that a study's results were made of."""
    input:
        stage=stage_of("record"),
        validated=rules.validate_exports.output,
        datasets=rules.derive_datasets.output,
        estimates=rules.analyse_datasets.output,
        report=rules.render_results.output,
        plates=plates_of_study,
    output:
        manifest="results/{study}/manifest.json",
        listing="results/{study}/stages/record.sha256",
    log:
        "logs/{study}/record_manifest.log",
    localrule: True
    conda:
        "../../envs/pipeline.yaml"
    script:
        "../scripts/record_manifest.py"
