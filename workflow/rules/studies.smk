# A target for each study: `snakemake omt_rct`.
for study in STUDIES:

    rule:
        name:
            study
        localrule: True
        """All results of the study of this name, from its raw exports to the manifest."""
        input:
            lambda wildcards, study=study: results_of(study),
