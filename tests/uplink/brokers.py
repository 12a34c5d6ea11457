"""Brokers that behave badly, and a name server that can be told to: each connection or query in a thread of its own."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ACCEPTED = b"\x20\x02\x00\x00"
GRANTED = b"\x90\x03\x00\x01\x01"
PONG = b"\xd0\x00"


@contextmanager
def broker(talk: Callable[[socket.socket], None], receive_buffer: int = 0) -> Iterator[int]:
    """Listen on a free port and `talk` on each connection; a connection stays open until the end unless `talk` closes it."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        if receive_buffer:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)

        def serve(line: socket.socket) -> None:
            with contextlib.suppress(OSError):
                talk(line)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = server.accept()
                    held.append(line)
                    threading.Thread(target=serve, args=(line,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            for line in held:
                line.close()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def packet(line: socket.socket) -> bytes:
    """The next MQTT packet on a connection; OSError at its end."""
    head = _exactly(line, 2)
    size, shift = head[1] & 0x7F, 7
    while head[-1] & 0x80:
        head += _exactly(line, 1)
        size |= (head[-1] & 0x7F) << shift
        shift += 7
    return head + _exactly(line, size)


def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = line.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def publish(topic: bytes, payload: bytes, qos: int = 0, number: int = 0x1234) -> bytes:
    """A PUBLISH packet."""
    body = struct.pack(">H", len(topic)) + topic + (struct.pack(">H", number) if qos else b"") + payload
    size, length = len(body), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([0x30 | qos << 1]) + length + bytes([size]) + body


def say(*pieces: bytes, drip: float = 0.0, close: bool = False) -> Callable[[socket.socket], None]:
    """Say one piece for each packet that comes, then nothing any more (the rest is read). `drip`: seconds a byte takes."""

    def talk(line: socket.socket) -> None:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            packet(line)
            if drip:
                for byte in piece:
                    line.sendall(bytes([byte]))
                    time.sleep(drip)
            else:
                line.sendall(piece)
        if close:
            line.close()
        while line.recv(4096):
            pass

    return talk


def hang_up(line: socket.socket) -> None:
    """Close at once."""
    line.close()


def deaf(line: socket.socket) -> None:
    """Set up a session, then read nothing more, and look alive by answering pings nobody heard."""
    for piece in (ACCEPTED, GRANTED):
        packet(line)
        line.sendall(piece)
    while True:
        time.sleep(0.2)
        line.sendall(PONG)


@contextmanager
def name_server(answer: Callable[[bytes], list[bytes]]) -> Iterator[int]:
    """UDP on a free port: each query is answered with the datagrams that `answer` makes of it (none: a black hole)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    query, asker = line.recvfrom(512)
                    if not query:
                        return
                    for datagram in answer(query):
                        if datagram.startswith(b"ELSEWHERE"):
                            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                                other.sendto(datagram[9:], asker)
                        else:
                            line.sendto(datagram, asker)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield line.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", ("127.0.0.1", line.getsockname()[1]))
            time.sleep(0.05)


def dns_answer(query: bytes, *records: tuple[int, bytes], code: int = 0) -> bytes:
    """An answer to a query: records of (type, data), each naming the question by a pointer."""
    head = query[:2] + bytes([0x81, 0x80 | code]) + struct.pack(">HHHH", 1, len(records), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in records)
    return head + query[12:] + body
