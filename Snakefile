# Plain `snakemake` runs every shipped study. The workflow itself is workflow/Snakefile; an include alone has no
# default target, so this file adds one.
include: "workflow/Snakefile"


rule default:
    default_target: True
    input:
        rules.all.input,
    localrule: True


name_nearest_study(sys.argv[1:])
