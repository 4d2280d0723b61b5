"""Rule write_report."""

from omtrace.job import recorded

with recorded(snakemake):
    from omtrace.report import write_report
    from omtrace.report.dictionary import write_dictionary
    from omtrace.study.groups import with_groups
    from omtrace.study.plan import plan_file, read_plan
    from omtrace.study.register import read_register

    plan = with_groups(read_plan(plan_file(snakemake.wildcards.study)), snakemake.input.datasets)
    write_dictionary(plan, snakemake.output.dictionary)
    write_report(plan.study, plan, read_register(), digests={"code": snakemake.params.asked["library"]})
