"""The board: a line, a flash, and what runs on it - loader or firmware."""

from __future__ import annotations

import hashlib
import random
import struct
import threading
from pathlib import Path
from types import TracebackType

from simulator.flash import NorFlash
from tests.rom_double.chip import CHIPS
from tests.rom_double.faults import Faults
from tests.rom_double.line import NOISE, Line, Unplugged
from tests.rom_double.loader import Loader, Send
from tests.rom_double.running import Running, Silent
from tests.rom_double.slip import Unframer, framed

_SYNC = b"\x00\x08\x24\x00"
_READ_ACK_S = 3.0
_CONSOLE_EVERY_S = 0.01


class BoardDouble:
    """One board. `port` is its device name; `flash` its memory, also at `flash_path` for whoever boots it.

    `running` is what a reset starts: `Silent` (a blank board that prints nothing) or a `running.Firmware`.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "ttyBENCH0",
        *,
        chip: str = "esp32",
        mac: str = "24:6f:28:00:00:01",
        flash_bytes: int = 0x400000,
        image: bytes | None = b"",
        running: Running | None = None,
        paced: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.faults = Faults()
        self.mac = mac
        self.flash_path = folder / f"{name}.flash"
        self.flash = NorFlash(self.flash_path, flash_bytes, image)
        self.running = running or Silent()
        self._chip = CHIPS[chip]
        self._mac = bytes.fromhex(mac.replace(":", ""))
        self._paced = paced
        self._line = Line(folder / name, paced)
        self._loader: Loader | None = None
        self._session = 0  # of the line, in which the loader was entered
        self._baud: int | None = None  # None: the ROM takes it from the first SYNC
        self._noise = random.Random(0)
        self._unframer = Unframer()
        self._unread = b""
        self._stop = False
        self._reset_wanted = False
        self._control = threading.RLock()
        self._thread = threading.Thread(target=self._serve, name=f"double {name}", daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        """The device name to give to a tool."""
        return str(self._line.name)

    @property
    def in_loader(self) -> bool:
        """Whether it is in download mode."""
        return self._loader is not None

    def unplug(self) -> None:
        """Pull the cable, which is also its power."""
        with self._control:
            self._line.unplug()

    def plug(self) -> None:
        """Put it back in: power comes up, and what is in flash runs."""
        with self._control:
            if not self._line.plugged:
                self._line.plug()
                self._line.wake()

    def reset(self) -> None:
        """Press EN."""
        self._reset_wanted = True
        self._line.wake()

    def close(self) -> None:
        """Take it off the bench; the flash file stays."""
        self._stop = True
        self._line.wake()
        self._thread.join(10)
        self.running.stop()
        self._line.close()
        self.flash.close()

    def __enter__(self) -> BoardDouble:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # The thread

    def _serve(self) -> None:
        self._start_running()
        while not self._stop:
            if not self._line.plugged:
                self._power_off()
                threading.Event().wait(0.02)
                if self._line.plugged:
                    self._start_running()
                continue
            if self._reset_wanted:
                self._start_running()
            try:
                self._turn()
            except (Unplugged, ValueError, OSError):
                if self._line.plugged and not self._stop:
                    raise

    def _turn(self) -> None:
        data, self._unread = self._unread, b""
        # Output is looked for now and then: the process that makes it may be another one at any moment.
        data = data or self._line.read(0.5 if self._loader else _CONSOLE_EVERY_S)
        if self._loader is None:
            said = self.running.output()
            if said:
                self._line.write(said)
        if not data:
            return
        if self._enters_loader(data):
            self._session = self._line.sessions
            self.running.stop()
            self._loader = Loader(self._chip, self._mac, self.flash, self.faults, self._paced)
            self._unframer = Unframer()
            self._baud = None
        if self._loader is not None:
            self._hear_in_loader(self._through_the_air(data))
        elif b"\xc0" not in data:
            self.running.input(data)

    def _enters_loader(self, data: bytes) -> bool:
        """Whether this is the start of a tool's work, which begins with BOOT and EN and then SYNC.

        With no DTR and RTS to go by, a SYNC to a board that runs is one. In the loader it is told from the rest by the port
        having been opened since, or by its rate.
        """
        same = self._session == self._line.sessions and self._baud in (None, self._line.host_baud())
        if self._loader is not None and same:
            return False
        return any(packet.startswith(_SYNC) for packet in Unframer().feed(data))

    def _hear_in_loader(self, data: bytes) -> None:
        for packet in self._unframer.feed(data):
            if self._baud is None and packet.startswith(_SYNC):
                self._baud = self._line.host_baud()
            assert self._loader is not None
            send = self._loader.answer(packet)
            if self._loader.unplugged:
                self.unplug()
                return
            if send is None:
                continue
            self._send(send)
            if send.reset:
                self._start_running()
                return

    def _send(self, send: Send) -> None:
        noise = bytes(self._noise.randrange(256) for _ in range(24)) if self.faults.take("garbage_before_answers") else b""
        self._line.write(noise + self._through_the_air(b"".join(map(framed, send.packets))))
        if send.baud is not None:
            self._baud = send.baud
        if send.read:
            self._stream(*send.read)

    def _through_the_air(self, data: bytes) -> bytes:
        """What arrives at the other end: noise where the rates differ or the adapter is out of its depth."""
        host = self._line.host_baud()
        limit = self.faults.good_baud
        wrong = self._baud is not None and host != self._baud
        return bytes([NOISE]) * len(data) if wrong or (limit is not None and host > limit) else data

    def _stream(self, at: int, size: int, block: int) -> None:
        """READ_FLASH: blocks, each acknowledged with the count so far; at the end the MD5 of it all."""
        data = self.flash.read(at, size)
        sent = acknowledged = 0
        while acknowledged < size and not self._stop:
            while sent < size and sent - acknowledged < 4 * block:
                self._line.write(self._through_the_air(framed(data[sent : sent + block])))
                sent = min(sent + block, size)
            heard = self._line.read(_READ_ACK_S)
            if not heard or self._enters_loader(heard):
                self._unread = heard
                return
            for packet in self._unframer.feed(heard):
                acknowledged = struct.unpack("<I", packet)[0] if len(packet) == 4 else acknowledged
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        self._line.write(self._through_the_air(framed(digest)))

    def _start_running(self) -> None:
        self._reset_wanted = False
        self._loader = None
        self._baud = None
        self.running.stop()
        self.running.start(self.flash_path)

    def _power_off(self) -> None:
        self._loader = None
        self.running.stop()
