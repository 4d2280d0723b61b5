"""Rule draw_figures."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.figures import draw_figures
    from omtrace.study.groups import with_groups
    from omtrace.study.plan import plan_file, read_plan

    plan = with_groups(read_plan(plan_file(snakemake.wildcards.study)), snakemake.input.datasets)
    draw_figures(plan, f"results/{plan.study}")
