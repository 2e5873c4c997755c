"""The `archdsl` command: which subcommands there are, and how any of them ends.

Exit codes: 0 fine; 1 the question's answer is "no" (errors found, not formatted, files differ); 2 it could
not be asked (bad usage, unreadable file). A command that is interrupted ends as the shell's convention has
it, 128 + signal.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from archdsl.diagnostics.diagnostic import DiagnosticError

COMMANDS: Mapping[str, str] = {
    "check": "Report the errors and warnings of files.",
    "summary": "Print the paper's table: stages, shapes, params, MACs, choices.",
    "sample": "Draw genotypes uniformly from a space.",
    "compile": "Write a model as source, program, weights or IR.",
    "render": "Draw a space or a model.",
    "diff": "Compare two spaces, models or genotypes by meaning.",
    "git-diff": "What `git diff` calls, once `archdsl diff --install-git` has set it up.",
    "patch": "Apply what `archdsl diff --patch` prints.",
    "import-weights": "Read a public checkpoint as the weights of a model.",
    "migrate-weights": "Carry weights over to a model that was edited.",
    "search": "Search a space as a plan says.",
    "train": "Train a model, from scratch or from weights.",
    "runs": "List runs and compare them on one page.",
    "fmt": "Bring files into the canonical form.",
    "convert": "Turn text into YAML and back.",
    "list": "List the files that ship with archdsl, and what they declare.",
    "explain": "Explain the code of a diagnostic.",
}


class _Commands(click.Group):
    """Imports the module of a command when it is called, and turns what it raises into messages and exit
    codes.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"archdsl.cli.commands.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from archdsl.diagnostics.suggestions import did_you_mean

            hint = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"no command `{args[0]}`" + (f"; {hint}" if hint else ""), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DiagnosticError as error:
            from archdsl.cli.report import exit_code, report

            report(error.diagnostics)
            ctx.exit(exit_code(error.diagnostics))
        except KeyboardInterrupt:
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                _discard_output()
                ctx.exit(141)
            if os.environ.get("ARCHDSL_TRACEBACK"):
                raise
            _report_own_mistake(error)
            ctx.exit(2)


def _report_own_mistake(error: Exception) -> None:
    """Nobody who uses the command can do anything with a traceback; whoever mends it asks for one."""
    from archdsl.cli.report import report
    from archdsl.diagnostics.codes import files

    said = f"{type(error).__name__}: {error}".rstrip(": ").splitlines()[0][:200]
    report(
        [
            files.INTERNAL.error(
                None,
                f"this is a mistake in archdsl: {said}",
                help="`archdsl explain E0999` says how to report it",
            )
        ]
    )


def _discard_output() -> None:
    """Nobody reads the output any more: what is still buffered goes nowhere instead of failing at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from archdsl.version import __version__

        click.echo(f"archdsl {__version__}")
        ctx.exit()


@click.group(
    cls=_Commands,
    name="archdsl",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """Neural architectures and search spaces as text: checked, counted, compared and compiled.

    A FILE is a path, or the name of a file that ships with archdsl (`archdsl list`); FILE:NAME picks one
    space, model or genotype of it.

    \b
    Examples:
      archdsl check zoo/autox3d.arch
      archdsl summary zoo/x3d.arch:x3d_s
      archdsl sample zoo/autox3d.arch:autox3d --max-macs 2.0G --seed 7 > found.arch
      archdsl compile zoo/autox3d.arch:autox3d --genotype found.arch -o found.py
    """


def main() -> None:
    """The entry point of the `archdsl` command."""
    cli(prog_name="archdsl")
