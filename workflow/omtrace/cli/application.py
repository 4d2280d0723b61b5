"""The commands of ``omtrace`` put together. A command's module is imported when the command is called."""

import os
from importlib import import_module
from pathlib import Path

import click

import omtrace
from omtrace.cli.command import print_errors
from omtrace.cli.exit_codes import MEANINGS, ExitCode
from omtrace.faults import Fault

PROGRAM = "omtrace"
SHORT = 120  # characters of a command's sentence in the list of commands
SHELLS = ("bash", "zsh", "fish")
COMMANDS = {
    "A new study": {"new-study": "drafting", "remove-study": "drafting"},
    "Data in": {
        "check": "intake",
        "register": "intake",
        "add-batch": "intake",
        "undo-batch": "intake",
        "diff": "intake",
        "queries": "intake",
    },
    "Results": {"trace": "results", "changes": "results", "verify": "results"},
    "Review": {
        "release": "packets",
        "compare": "packets",
        "reproduce": "packets",
        "export": "packets",
        "figures": "packets",
        "whatif": "packets",
        "manuscript": "packets",
    },
    "Plans and reference": {
        "plan": "reference",
        "power": "reference",
        "schema": "reference",
        "rules": "reference",
        "dictionary": "reference",
        "simulate": "reference",
    },
}
MODULES = {name: module for section in COMMANDS.values() for name, module in section.items()}
EXIT_CODES = "\n".join(f"  {code.value:<4} {meaning}" for code, meaning in MEANINGS.items())


class Application(click.Group):
    """The group of all commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in the order of the help."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of this name, or None."""
        if name not in MODULES:
            return None
        module = import_module(f"omtrace.cli.{MODULES[name]}")
        return next(entry for entry in vars(module).values() if isinstance(entry, click.Command) and entry.name == name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command in the error about an unknown one."""
        from omtrace.faults import nearest

        if args and not args[0].startswith("-") and args[0] not in MODULES:
            ctx.fail(f"there is no command {args[0]!r}{nearest(args[0], MODULES)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands by section."""
        for title, names in COMMANDS.items():
            with formatter.section(title):
                commands = {name: self.get_command(ctx, name) for name in names}
                formatter.write_dl([(name, c.get_short_help_str(SHORT)) for name, c in commands.items() if c])


def _print_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {omtrace.__version__}")
        context.exit()


def _print_completion(context: click.Context, parameter: click.Parameter, shell: str | None) -> None:
    if shell:
        from click.shell_completion import get_completion_class

        script = get_completion_class(shell)
        assert script is not None
        print(script(application, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE").source())
        context.exit()


@click.group(
    cls=Application,
    invoke_without_command=True,
    epilog="Example: omtrace trace results/omt_rct/report.html#e76be4204d0b",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=f"""Check and register raw exports, trace numbers to their raw cells, and verify results.

    Studies are run by snakemake; these commands do what comes before and after a run. They work from any folder of a
    checkout: paths count from the folder in which you are.

    \b
    Exit codes:
    {EXIT_CODES}
    """.replace(EXIT_CODES, EXIT_CODES.replace("\n", "\n    ")),
)
@click.option("-C", "--directory", metavar="FOLDER", help="Work in this folder, as for snakemake.")
@click.option(
    "--completion",
    metavar="SHELL",
    type=click.Choice(SHELLS),
    callback=_print_completion,
    is_eager=True,
    expose_value=False,
    help="Print the completion script for bash, zsh or fish.",
)
@click.option(
    "--version",
    is_flag=True,
    callback=_print_version,
    is_eager=True,
    expose_value=False,
    help="Print the version.",
)
@click.pass_context
def application(context: click.Context, directory: str | None) -> None:
    """See the decorator."""
    if directory is not None:
        if not Path(directory).is_dir():
            raise Fault(f"{directory}: there is no such folder")
        os.chdir(directory)
    if context.invoked_subcommand is None:
        print(context.get_help())


def run(arguments: list[str]) -> int:
    """Run a command line; the exit code. A wrong command line is reported on stderr."""
    try:
        code = application.main(arguments, PROGRAM, standalone_mode=False)
    except Fault as fault:
        print_errors(fault.lines)
        return ExitCode.FAILED
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    return int(code or 0)
