"""Rule draw_figures."""

from omtrace.figures import draw_figures
from omtrace.job import recorded
from omtrace.study.plan import plan_file, read_plan

with recorded(snakemake):
    plan = read_plan(plan_file(snakemake.wildcards.study))
    draw_figures(plan, f"results/{plan.study}")
