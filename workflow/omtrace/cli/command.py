"""What every command does around its own work: folder, names, errors, exit code."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from omtrace.cli.exit_codes import ExitCode
from omtrace.cli.project import enter_project, from_project, project_folder
from omtrace.faults import Fault, plain_line

Options = TypeVar("Options")
Decorator = Callable[[Callable[..., ExitCode]], click.Command]


class Command(click.Command):
    """A command that works in the project folder, with names that were checked.

    Its function returns an exit code. What goes wrong because of the input, or is refused by the disk, becomes lines on
    stderr, and with ``--json`` a document with ``errors`` on stdout as well.
    """

    needs_project = True

    def invoke(self, ctx: click.Context) -> ExitCode:
        """Run the command's function; its exit code."""
        try:
            self._prepare(ctx)
            code: ExitCode = super().invoke(ctx)
            sys.stdout.flush()
            return code
        except Fault as fault:
            lines = fault.lines
        except BrokenPipeError:  # such as `| head`: nobody reads on
            _discard_output()
            return ExitCode.FAILED
        except KeyboardInterrupt:
            print("omtrace: interrupted", file=sys.stderr)
            return ExitCode.INTERRUPTED
        except OSError as error:
            lines = (plain_line(error),)
            try:
                sys.stdout.flush()
            except OSError:  # stdout itself is full: Python would try again at its end
                _discard_output()
        print_errors(lines)
        if ctx.params.get("as_json"):
            print_json({"errors": lines})
        return ExitCode.FAILED

    def _prepare(self, ctx: click.Context) -> None:
        from omtrace.model.names import refuse_names

        start = Path.cwd()
        ctx.params = {name: list(value) if isinstance(value, tuple) else value for name, value in ctx.params.items()}
        if self.needs_project or ctx.params.get("study") or project_folder(start):
            folder = enter_project(start)
            default = click.core.ParameterSource.DEFAULT
            typed = {k: value for k, value in ctx.params.items() if ctx.get_parameter_source(k) != default}
            ctx.params |= from_project(typed, start, folder)
        refuse_names(ctx.params)


class FreeCommand(Command):
    """A command that needs a project folder only where it is given a study."""

    needs_project = False


def command(name: str, example: str, cls: type[Command] = Command, help: str | None = None) -> Decorator:
    """Declare a command with an example of its use at the end of its help."""
    return click.command(name, cls=cls, help=help, epilog=f"Example: omtrace {name} {example}".rstrip())


def bundled(kind: type[Options]) -> Callable[[Callable[[str, Options, bool], ExitCode]], Callable[..., ExitCode]]:
    """Pass the options of a command on a study as one object; ``--json`` and the study stay apart."""

    def of(function: Callable[[str, Options, bool], ExitCode]) -> Callable[..., ExitCode]:
        @wraps(function)
        def call(study: str, as_json: bool, **options: object) -> ExitCode:
            return function(study, kind(**options), as_json)

        return call

    return of


def complete_study(context: click.Context, parameter: click.Parameter, text: str) -> list[str]:
    """Names of studies that begin with a text, for the completion of a shell."""
    from omtrace.model.names import known_studies

    folder = project_folder(Path.cwd())
    return [name for name in known_studies(folder) if name.startswith(text)] if folder else []


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def print_json(document: object) -> None:
    """Print a document as JSON, texts as they are."""
    import json

    print(json.dumps(document, indent=1, ensure_ascii=False))


def print_errors(lines: tuple[str, ...]) -> None:
    """Print lines on stderr, each marked as omtrace's."""
    for line in "\n".join(lines).splitlines():
        print(f"omtrace: {line}", file=sys.stderr)


def _discard_output() -> None:
    """Send what is still to be printed nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
