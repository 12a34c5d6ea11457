"""The tool chain: what set-up promises, without setting up again."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import toolchain
from host_tools.errors import CheYouError
from host_tools.toolchain import __main__ as setup
from host_tools.toolchain import debian, interpreters, pieces, process, umqtt_source, wrappers
from host_tools.toolchain.pieces import Piece


def test_every_tool_of_make_setup_is_there() -> None:
    for find in (toolchain.micropython, toolchain.mpy_cross, toolchain.umqtt_dir, toolchain.charlcd_dir, toolchain.library_dir):
        assert find().exists()
    assert (toolchain.umqtt_dir() / "simple.py").read_text().startswith("import ")


def test_the_word_sizes_are_what_they_say(tool: Callable[[Callable[[], Path]], Path]) -> None:
    for bits in (32, 64):
        interpreter = tool(lambda bits=bits: toolchain.micropython(bits))  # type: ignore[misc]
        if not interpreter.name.endswith(str(bits)):
            pytest.skip(f"no {bits}-bit MicroPython on this host")
        done = subprocess.run([interpreter, "-c", "import sys; print(sys.maxsize)"], capture_output=True, text=True, check=True)
        assert int(done.stdout) == 2 ** (bits - 1) - 1


def test_brokers_and_databases_start(tool: Callable[[Callable[[], Path]], Path]) -> None:
    told = subprocess.run([tool(toolchain.mosquitto), "-h"], capture_output=True, text=True, check=False).stdout
    assert told.startswith("mosquitto version")
    postgres = tool(toolchain.postgres_bin) / "postgres"
    assert subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout.startswith(
        "postgres (PostgreSQL)"
    )


def test_64_bit_stands_in_for_32_with_a_notice_but_not_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(toolchain, "BIN", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(CheYouError, match="MicroPython is not set up; run `make setup`"):
        toolchain.micropython()
    (tmp_path / "micropython64").touch()
    assert toolchain.micropython(32).name == "micropython64"
    assert toolchain.micropython(32).name == "micropython64"
    assert capsys.readouterr().err.count("notice: no 32-bit MicroPython") == 1
    monkeypatch.setenv("CI", "true")
    with pytest.raises(CheYouError, match="no 32-bit MicroPython on this host; run on an x86 Debian"):
        toolchain.micropython(32)


def test_nothing_to_do_takes_no_time() -> None:
    assert all(piece.ready() for piece in setup.base_pieces()), "run `make setup` first"
    best = 9.0
    for _ in range(3):
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "host_tools.toolchain", "base"], cwd=toolchain.ROOT, check=True, capture_output=True
        )
        best = min(best, time.monotonic() - started)
    assert done.stdout == b""
    assert best < 0.3


def test_setup_runs_on_a_bare_python() -> None:
    """Nothing but the standard library may be imported before `.venv` exists."""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(toolchain.ROOT)!r}); "
                           "import host_tools.toolchain.__main__"], capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["everything"]) == 2
    assert "usage:" in capsys.readouterr().err


def test_every_test_piece_has_a_name_of_its_own() -> None:
    names = [piece.name for piece in setup.test_pieces()]
    assert len(set(names)) == len(names)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tool folder of the test's own."""
    monkeypatch.setattr(pieces, "TOOLS", tmp_path)
    monkeypatch.setattr(pieces, "STAMPS", tmp_path / "stamps")
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def test_a_piece_is_made_once_and_again_when_its_recipe_or_proof_changes(workshop: Path) -> None:
    made = []
    proof = workshop / "proof"

    def install() -> None:
        made.append(1)
        proof.touch()

    first = Piece("a piece", "1", proof.exists, install)
    for _ in range(2):
        pieces.set_up([first])
    assert len(made) == 1
    pieces.set_up([Piece("a piece", "2", proof.exists, install)])
    assert len(made) == 2
    proof.unlink()
    pieces.set_up([Piece("a piece", "2", proof.exists, install)])
    assert len(made) == 3


def test_a_larger_piece_covers_a_smaller_one(workshop: Path) -> None:
    small = Piece("small", "1", lambda: True, lambda: pytest.fail("made twice"))
    pieces.set_up([Piece("large", "1", lambda: True, lambda: None, covers=(small,)), small])


def test_an_optional_piece_may_fail_but_not_in_ci(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def install() -> None:
        raise CheYouError("no broker", "install one")

    piece = Piece("broker", "1", lambda: False, install, optional=True)
    pieces.set_up([piece])
    assert "setup: broker left out: no broker; install one" in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    with pytest.raises(CheYouError):
        pieces.set_up([piece])


def test_a_failed_program_is_quoted_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.time, "sleep", lambda seconds: None)
    count = tmp_path / "count"
    script = f"echo x >> {count}; echo 'reading lists'; echo 'E: no such mirror' >&2; echo done >&2; exit 100"
    with pytest.raises(CheYouError, match="no lists: E: no such mirror; look there"):
        process.run(["sh", "-c", script], failing="no lists", next_step="look there", attempts=3)
    assert count.read_text() == "x\n" * 3
    with pytest.raises(CheYouError, match="there is no `no-such-program` here"):
        process.run(["no-such-program"], failing="no lists", next_step="look there")


def test_a_wrapper_starts_from_anywhere_and_keeps_arguments(tmp_path: Path) -> None:
    program = tmp_path / "home" / "program"
    wrappers.write(program, 'printf "%s|" "$@"; echo $LD_LIBRARY_PATH')
    wrappers.write_with_libraries(tmp_path / "bin" / "tool", ["../home/lib"], "../home/program")
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    command = ["../bin/tool", "a b", "*"]
    done = subprocess.run(command, cwd=tmp_path / "home", capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "a b|*|../bin/../home/lib\n"


@pytest.mark.parametrize(
    ("listing", "found"),
    [
        (
            "http://m/security/ bookworm-security main\nhttp://m/debian/ bookworm-updates main\nhttp://m/debian/ bookworm main\n",
            "http://m/debian/",
        ),
        ("https://third.example/ stable contrib\nhttps://m/d/ trixie main\n", "https://m/d/"),
    ],
)  # fmt: skip
def test_the_mirror_is_the_one_of_the_running_release(listing: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "run", lambda *arguments, **settings: listing)
    assert debian.mirror() == found


def test_without_a_mirror_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "run", lambda *arguments, **settings: "")
    with pytest.raises(CheYouError, match="no Debian mirror among the system's apt sources"):
        debian.mirror()


def test_another_system_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "available", lambda: False)
    monkeypatch.setattr(interpreters, "_system_micropython", lambda: None)
    with pytest.raises(CheYouError, match=r"there is no MicroPython here; install MicroPython 1.24 or newer"):
        interpreters.install()


def test_a_tampered_umqtt_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{umqtt_source.PROJECT}-{umqtt_source.VERSION}.tar.gz"

    class Page:
        packages = [type("Package", (), {"filename": name})()]  # noqa: RUF012 - stands for one project page

    class Index:
        def __enter__(self) -> Index:
            return self

        def __exit__(self, *cause: object) -> None:
            pass

        def get_project_page(self, project: str) -> Page:
            return Page()

        def download_package(self, package: object, path: Path) -> None:
            with tarfile.open(path, "w:gz") as archive:
                member = tarfile.TarInfo("x/umqtt/simple.py")
                member.size = 4
                archive.addfile(member, io.BytesIO(b"evil"))

    monkeypatch.setattr(umqtt_source, "_index", Index)
    with pytest.raises(SystemExit, match="expected b6a2520239e3"):
        umqtt_source.fetch(tmp_path)
    assert not (tmp_path / "umqtt").exists()
