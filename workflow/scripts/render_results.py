"""Rule render_results."""

from omtrace.job import recorded

with recorded(snakemake) as job:
    from omtrace.figures import draw_figures
    from omtrace.model.groups import with_groups
    from omtrace.report import write_report
    from omtrace.report.dictionary import write_dictionary

    plan = with_groups(job.inputs.plan, snakemake.input.datasets)
    draw_figures(plan, job.folder)
    write_dictionary(plan, snakemake.output.dictionary)
    inputs = job.inputs
    write_report(plan, inputs.register, job.folder, digests=inputs.digests, open_lines=inputs.open_lines)
