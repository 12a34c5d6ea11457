"""The `cheyou` command.

Exit codes: 0 done, 1 failed, 2 wrong usage. Every error is one line on stderr that ends with the next step;
`CHEYOU_TRACEBACK=1` shows where it came from.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from types import ModuleType

import click

import host_tools.commands


class CommandFolder(click.Group):
    """A group whose commands are the modules of a package, imported when they are called.

    Starting `cheyou build` so never waits for the imports of the central service.
    """

    def __init__(self, package: ModuleType, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the package's modules, as one types them."""
        names = [module.name for module in pkgutil.iter_modules(self._package.__path__)]
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of that name and return its `command`."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{self._package.__name__}.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is no click command")
        return command


def _group(package: ModuleType) -> CommandFolder:
    return CommandFolder(
        package,
        name="cheyou",
        help="Build, flash, simulate and look after CheYou terminals.",
        params=[_VERSION],
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        no_args_is_help=True,
    )


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"cheyou {version('cheyou-terminal')}")
        ctx.exit()


_VERSION = click.Option(
    ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version and exit."
)


def run(arguments: Sequence[str], package: ModuleType = host_tools.commands) -> int:
    """Run one command line and return its exit code. A command may return a code itself; None means 0."""
    try:
        result = _group(package).main(args=list(arguments), prog_name="cheyou", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "cheyou"
        return _fail(f"{error.format_message().rstrip('.')}; see `{command} --help`", 2)
    except click.Abort:
        return _fail("stopped; run the same command again to start over", 1)
    except click.ClickException as error:
        return _fail(f"{error.format_message().rstrip('.')}; mend that and run the same command again", 1)
    except BrokenPipeError:
        # The reader has seen enough (`cheyou … | head`). Python would complain once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        # CheYouError, and what the other packages raise in its shape: they do not import this one.
        message, next_step = getattr(error, "message", None), getattr(error, "next_step", None)
        if isinstance(message, str) and isinstance(next_step, str):
            return _fail(f"{message}; {next_step}", 1)
        # Whatever was not foreseen is still one line for the person at the counter.
        return _fail(f"{type(error).__name__}: {error}; run again with CHEYOU_TRACEBACK=1 and report what it prints", 1)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _fail(line: str, code: int) -> int:
    if os.environ.get("CHEYOU_TRACEBACK"):
        traceback.print_exc()
    click.echo("cheyou: " + " ".join(line.split()), err=True)
    return code


def main() -> None:
    """What the installed `cheyou` script calls."""
    sys.exit(run(sys.argv[1:]))
