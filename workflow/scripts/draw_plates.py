"""Rule draw_plates."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.report.plates import KeptPages, write_plates
    from omtrace.study.groups import with_groups
    from omtrace.study.plan import plan_file, read_plan

    plan = with_groups(read_plan(plan_file(snakemake.wildcards.study)), snakemake.input.datasets)
    kept = KeptPages(f"cache/{plan.study}/plates", snakemake.params.asked)
    write_plates(plan, f"results/{plan.study}", snakemake.output.plates, kept)
