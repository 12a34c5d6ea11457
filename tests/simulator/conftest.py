"""A bench with small firmware of our own on it, instead of the terminal's: what is tested here is the simulator."""

from __future__ import annotations

import datetime
import socket
import ssl
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from host_tools import app_image, boards, toolchain
from host_tools.boards import Board
from host_tools.flash_image import FlashImage
from host_tools.partition_table import OFFSET, encode
from simulator.board import BenchBoard

FIRMWARE = Path(__file__).with_name("firmware")


@pytest.fixture(scope="session")
def board() -> Board:
    return boards.load("esp32-devkit-4mb")


@pytest.fixture(scope="session")
def image_of(board: Board) -> Callable[[str], bytes]:
    """`image_of(source)`: a flash whose main.py is that source, beside the modules of tests/simulator/firmware/."""

    def make(main: str, boot: str = "") -> bytes:
        files = {path.name: path.read_bytes() for path in FIRMWARE.glob("*.py")}
        files |= {"main.py": textwrap.dedent(main).encode(), "boot.py": textwrap.dedent(boot).encode()}
        image = FlashImage(board)
        image.put("partition-table", encode(board.partitions), OFFSET, 0x1000)
        image.put("vfs", app_image.pack(files, (), board.partition("vfs").size)[0])
        return bytes(image.data)

    return make


class Bench:
    """Makes boards and closes them after the test."""

    def __init__(self, board: Board, image_of: Callable[..., bytes], folder: Path) -> None:
        self._board = board
        self._image_of = image_of
        self._folder = folder
        self.boards: list[BenchBoard] = []

    def put(self, main: str, boot: str = "", **options: Any) -> BenchBoard:
        """A board with this main.py, switched off."""
        bench = BenchBoard(
            self._image_of(main, boot), self._board, self._folder / str(len(self.boards)), **{"fast": True, **options}
        )
        self.boards.append(bench)
        return bench

    def run(self, main: str, boot: str = "", timeout: float = 10.0, **options: Any) -> list[str]:
        """Let main.py run to its end and return what it printed; an exception in it fails the test."""
        bench = self.put(main, boot, **options)
        bench.power_on()
        ended = bench.wait_event("halted", timeout, since=0)
        assert ended["status"] == 0, said(bench)
        return said(bench)


def said(bench: BenchBoard) -> list[str]:
    """What the firmware has printed, without the bench's own lines."""
    lines = bench.log.read_text(errors="replace").splitlines()
    return [line for line in lines if not line.startswith("bench: ")]


@pytest.fixture
def bench(
    board: Board, image_of: Callable[..., bytes], tmp_path: Path, tool: Callable[[Callable[[], Path]], Path]
) -> Iterator[Bench]:
    tool(lambda: toolchain.micropython(32))
    made = Bench(board, image_of, tmp_path)
    yield made
    for each in made.boards:
        each.close()


class EchoServer:
    """Sends back what comes, and counts what it saw end and how."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.ended: list[str] = []
        self.open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            while data := connection.recv(4096):
                connection.sendall(data)
            self.ended.append("closed")
        except OSError:
            self.ended.append("reset")

    def close(self) -> None:
        self._listener.close()
        for connection in self.open:
            connection.close()


@pytest.fixture
def echo() -> Iterator[EchoServer]:
    server = EchoServer()
    yield server
    server.close()


@pytest.fixture
def tls_echo_port(tmp_path: Path) -> Iterator[int]:
    """The port of an echo server behind TLS, with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(today).not_valid_after(today + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = EchoServer(context)
    yield server.port
    server.close()
