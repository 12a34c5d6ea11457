"""A bare MQTT 3.1.1 client for tests: QoS 0 out, QoS 0 and 1 in. Fast enough that the load it makes is not its own.

Not imitated: TLS, keepalive supervision, sessions.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable


class WireMqtt(asyncio.Protocol):
    """``on_message(topic, payload)`` is called in the event loop."""

    def __init__(self, on_message: Callable[[str, bytes], None]) -> None:
        self._on_message = on_message
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._connack: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._suback: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        client: str,
        password: str | None,
        on_message: Callable[[str, bytes], None],
        will: tuple[str, bytes] | None = None,
        username: str | None = None,
    ) -> WireMqtt:
        """Connect; `ConnectionError` when the broker refuses."""
        _, self = await asyncio.get_running_loop().create_connection(lambda: cls(on_message), host, port)
        flags = 2
        tail = _text(client)
        if will:
            flags |= 0x04 | 0x20
            tail += _text(will[0]) + _bytes(will[1])
        if password is not None:
            flags |= 0xC0
            tail += _text(username or client) + _text(password)
        self._send(0x10, b"\x00\x04MQTT\x04" + bytes([flags]) + struct.pack(">H", 60) + tail)
        try:
            code = await asyncio.wait_for(self._connack, 10)
        except BaseException:
            self.close()
            raise
        if code:
            self.close()
            raise ConnectionRefusedError(f"CONNACK {code}")
        return self

    async def subscribe(self, topic: str, qos: int = 1) -> int:
        """Subscribe and return the granted QoS; 128 is a refusal."""
        self._suback = asyncio.get_running_loop().create_future()
        self._send(0x82, b"\x00\x01" + _text(topic) + bytes([qos]))
        return await asyncio.wait_for(self._suback, 10)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send at QoS 0."""
        self._send(0x31 if retain else 0x30, _text(topic) + payload)

    def close(self) -> None:
        """Drop the connection without a DISCONNECT, as a power cut would."""
        if self._transport:
            self._transport.abort()

    def _send(self, head: int, body: bytes) -> None:
        assert self._transport
        self._transport.write(bytes([head]) + _length(len(body)) + body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol interface."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's protocol interface."""
        for waiting in (self._connack, self._suback):
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("connection lost"))
                waiting.exception()
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol interface."""
        self._buffer += data
        while True:
            length, shift, at = 0, 0, 1
            while True:
                if at >= len(self._buffer):
                    return
                byte = self._buffer[at]
                length |= (byte & 0x7F) << shift
                shift += 7
                at += 1
                if not byte & 0x80:
                    break
            if len(self._buffer) < at + length:
                return
            head, body = self._buffer[0], bytes(self._buffer[at : at + length])
            del self._buffer[: at + length]
            self._packet(head, body)

    def _packet(self, head: int, body: bytes) -> None:
        kind = head >> 4
        if kind == 2 and not self._connack.done():
            self._connack.set_result(body[1])
        elif kind == 9 and not self._suback.done():
            self._suback.set_result(body[2])
        elif kind == 3:
            end = 2 + int.from_bytes(body[:2], "big")
            topic = body[2:end].decode()
            if head & 6:
                self._send(0x40, body[end : end + 2])
                end += 2
            self._on_message(topic, body[end:])


def _text(text: str) -> bytes:
    return _bytes(text.encode())


def _bytes(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, low = divmod(value, 128)
        encoded.append(low | (0x80 if value else 0))
        if not value:
            return bytes(encoded)
