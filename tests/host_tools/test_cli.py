"""The command line's promises: exit codes, one-line errors, commands found by file."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import cli

Package = Callable[[dict[str, str]], types.ModuleType]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Makes a package of command modules from their sources."""

    def make(sources: dict[str, str]) -> types.ModuleType:
        name = f"commands_{tmp_path.name.replace('-', '_')}"
        for stem, body in sources.items():
            text = "import click\nfrom host_tools.errors import CheYouError\n@click.command()\ndef command():\n    'Do it.'\n    "
            (tmp_path / f"{stem}.py").write_text(body if "\n" in body else text + body + "\n")
        module = types.ModuleType(name)
        module.__path__ = [str(tmp_path)]
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return make


def test_a_file_is_a_command(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    folder = package({"say_hello": "click.echo('hello')", "_private": "x = 1\n"})
    assert cli.run(["say-hello"], folder) == 0
    assert capsys.readouterr().out == "hello\n"
    assert cli.run(["--help"], folder) == 0
    listed = capsys.readouterr().out
    assert "say-hello" in listed
    assert "private" not in listed


def test_only_the_called_module_is_imported(package: Package) -> None:
    folder = package({"good": "return 0", "bad": "raise SystemError('imported')\n\n"})
    assert cli.run(["good"], folder) == 0


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("raise CheYouError('no board', 'plug one in')", 1, "cheyou: no board; plug one in\n"),
        ("raise __import__('provisioning.errors').errors.IdentityError('no key', 'make one')", 1, "cheyou: no key; make one\n"),
        ("raise click.ClickException('bad\\nfile.')", 1, "cheyou: bad file; mend that and run the same command again\n"),
        ("raise click.Abort", 1, "cheyou: stopped; run the same command again to start over\n"),
        (
            "raise KeyError('x')",
            1,
            "cheyou: KeyError: 'x'; run again with CHEYOU_TRACEBACK=1 and report what it prints\n",
        ),
        ("raise click.UsageError('what?')", 2, "cheyou: what?; see `cheyou it --help`\n"),
        ("return 1", 1, ""),
        ("click.get_current_context().exit(1)", 1, ""),
    ],
)
def test_every_failure_is_one_line(package: Package, capsys: pytest.CaptureFixture[str], body: str, code: int, line: str) -> None:
    assert cli.run(["it"], package({"it": body})) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == line


def test_wrong_usage_names_the_help_of_the_command(package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    folder = package({"it": "pass"})
    assert cli.run(["it", "--nonsense"], folder) == 2
    assert capsys.readouterr().err == "cheyou: No such option '--nonsense'; see `cheyou it --help`\n"
    assert cli.run(["nothing-like-it"], folder) == 2
    assert "see `cheyou --help`" in capsys.readouterr().err


def test_without_arguments_it_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 2
    assert "Usage: cheyou" in capsys.readouterr().err


def test_traceback_on_request(package: Package, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHEYOU_TRACEBACK", "1")
    cli.run(["it"], package({"it": "raise CheYouError('no board', 'plug one in')"}))
    assert "Traceback" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("cheyou 0.")
