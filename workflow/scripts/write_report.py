"""Rule write_report."""

from omtrace.job import recorded
from omtrace.report import write_report
from omtrace.study.plan import plan_file, read_plan
from omtrace.study.register import read_register

with recorded(snakemake):
    plan = read_plan(plan_file(snakemake.wildcards.study))
    write_report(plan.study, plan, read_register(), digests={"code": snakemake.params.asked["library"]})
