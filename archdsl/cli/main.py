"""The `archdsl` command: which subcommands there are, and how any of them ends.

Exit codes: 0 fine; 1 the question's answer is "no" (errors found, not formatted, files differ); 2 it could
not be asked (bad usage, unreadable file). A command that is interrupted ends as the shell's convention has
it, 128 + signal.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from archdsl.cli.standard_input import NAME, named
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.diagnostics.visible import visible

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

COMMANDS: Mapping[str, str] = {
    "check": "Report the errors and warnings of files.",
    "summary": "Print the paper's table: stages, shapes, params, MACs, choices.",
    "sample": "Draw genotypes uniformly from a space.",
    "compile": "Write a model as source, program, weights or IR.",
    "render": "Draw a space or a model.",
    "diff": "Compare two spaces, models or genotypes by meaning.",
    "git-diff": "What `git diff` calls, once `archdsl diff --install-git` has set it up.",
    "patch": "Apply what `archdsl diff --patch` prints.",
    "import": "Read a PyTorch or ONNX model as text, verified.",
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
        command: click.Command = import_module(
            f"archdsl.cli.commands.{cmd_name.replace('-', '_')}"
        ).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from archdsl.diagnostics.suggestions import did_you_mean

            hint = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(
                f"no command `{args[0]}`" + (f"; {hint}" if hint else ""), ctx
            )
        return super().resolve_command(
            ctx, [named(arg) if arg.startswith(f"{NAME}:") else arg for arg in args]
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        with _shown_plainly():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _shown_plainly():
                return super().invoke(ctx)
        except DiagnosticError as error:
            ctx.exit(_told(*error.diagnostics))
        except KeyboardInterrupt as interrupt:
            ctx.exit(
                128 + (interrupt.number if isinstance(interrupt, Ended) else signal.SIGINT)
            )
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                _discard_output()
                ctx.exit(128 + getattr(signal, "SIGPIPE", 13))
            if os.environ.get("ARCHDSL_TRACEBACK"):
                raise
            ctx.exit(_told(_own_mistake(error)))


class Ended(KeyboardInterrupt):
    """Another signal that asks to end: cleaned up after like Ctrl-C, and known by its number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _shown_plainly() -> Iterator[None]:
    """What is said of arguments repeats them, so nothing in them may act on the terminal."""
    try:
        yield
    except click.UsageError as error:
        raise click.UsageError(visible(error.format_message()), error.ctx) from None


def _told(*diagnostics: Diagnostic) -> int:
    """Prints diagnostics, where anybody can still be told, and returns the exit code that they mean."""
    from archdsl.cli.report import exit_code, report

    try:
        report(diagnostics)
    except OSError:
        _discard_output()
    if any(diagnostic.code == files.UNWRITABLE.id for diagnostic in diagnostics):
        _discard_output()  # what standard output has not taken would fail once more at exit
    return exit_code(diagnostics)


def _own_mistake(error: Exception) -> Diagnostic:
    """Nobody who uses the command can do anything with a traceback; whoever mends it asks for one."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return files.UNWRITABLE.error(
            None, f"nothing more can be written: {error.strerror}"
        )
    if isinstance(error, FileNotFoundError) and not _has_folder():
        return files.NOT_FOUND.error(
            None, "the folder that this runs in is not there any more"
        )
    said = f"{type(error).__name__}: {error}".rstrip(": ").splitlines()[0][:200]
    return files.INTERNAL.error(
        None,
        f"this is a mistake in archdsl: {said}",
        help="`archdsl explain E0999` says how to report it",
    )


def _has_folder() -> bool:
    """Whether the current folder still is one."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _discard_output() -> None:
    """Nobody reads the output any more: what is still buffered goes nowhere instead of failing at exit."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
            continue
        with suppress(AttributeError, OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
    space, model or genotype of it, and `-` in its place is standard input. A .pt2, an .onnx or
    pkg.mod:factory (your own code, which is run) is a FILE too.

    \b
    Examples:
      archdsl check zoo/autox3d.arch
      archdsl summary zoo/x3d.arch:x3d_s
      archdsl sample zoo/autox3d.arch:autox3d --max-macs 2.0G --seed 7 > found.arch
      archdsl compile zoo/autox3d.arch:autox3d --genotype found.arch -o found.py
    """


def main() -> None:
    """The entry point of the `archdsl` command."""
    for name in ("SIGTERM", "SIGHUP"):
        if (
            hasattr(signal, name)
            and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL
        ):
            signal.signal(getattr(signal, name), _end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, TextIOWrapper
        ):  # a locale that lacks a letter is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    try:
        cli(prog_name="archdsl")
    except OSError as error:  # of the help, which is printed before there is a command
        sys.exit(_told(_own_mistake(error)))


def _end(number: int, frame: Any) -> None:
    raise Ended(number)
