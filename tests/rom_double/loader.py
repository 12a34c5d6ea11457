"""The ROM loader's commands, and the stub's once it has been uploaded.

After esptool's documentation "Serial Protocol" and `esptool/loader.py` 5.6. A packet is `00 op length(2) checksum(4) data`,
its answer `01 op length(2) value(4) data status`; the status has 4 bytes from the ROM and 2 from the stub.
"""

from __future__ import annotations

import hashlib
import struct
import time
import zlib
from collections.abc import Callable
from typing import NamedTuple

from simulator.flash import SECTOR, NorFlash
from tests.rom_double.chip import Chip, Registers
from tests.rom_double.faults import Faults

_ROM_SYNC_VALUE = 0x20120707  # any value but 0: the stub answers 0
INVALID_MESSAGE, FAILED, BAD_CHECKSUM, DEFLATE_ERROR = 0x05, 0x06, 0x07, 0x0B
_SLOW_READ = 64


class Refused(Exception):
    """The command fails with this error code."""


class Send(NamedTuple):
    """What goes back: `packets` to frame, then a flash read to stream, and the end of the loader if it resets."""

    packets: list[bytes]
    read: tuple[int, int, int] | None = None  # offset, length, block size
    reset: bool = False
    baud: int | None = None


class Loader:
    """One session in download mode, from a reset to the next."""

    def __init__(self, chip: Chip, mac: bytes, flash: NorFlash, faults: Faults, paced: bool) -> None:
        self._chip = chip
        self._flash = flash
        self._faults = faults
        self._paced = paced
        self._busy_until = 0.0
        self._registers = Registers(chip, mac, flash.size)
        self.is_stub = False
        self.unplugged = False
        self._op = 0  # of the command being answered
        self._at = 0
        self._erased_to = 0
        self._inflate: zlib._Decompress | None = None
        self._commands: dict[int, Callable[[bytes, int], Send]] = {
            0x02: self._flash_begin, 0x03: self._flash_data, 0x04: self._flash_end,
            0x05: self._mem_begin, 0x06: self._mem_end, 0x07: self._mem_data,
            0x08: self._sync, 0x09: self._write_reg, 0x0A: self._read_reg,
            0x0B: self._accept, 0x0D: self._accept, 0x0E: self._read_slow, 0x0F: self._change_baud,
            0x10: self._deflate_begin, 0x11: self._deflate_data, 0x12: self._flash_end, 0x13: self._md5,
        }  # fmt: skip
        if chip.chip_id is not None:
            self._commands[0x14] = self._security_info

    def answer(self, packet: bytes) -> Send | None:
        """What to send back for a packet; None when it is none or the answer got lost."""
        if len(packet) < 8 or packet[0] != 0:
            return None
        _, op, length, checksum = struct.unpack_from("<BBHI", packet)
        data = packet[8:]
        if self._faults.take("silent_answers"):
            return None
        self._op = op
        self._wait()
        handler = self._commands.get(op)
        try:
            if handler is None or len(data) != length:
                raise Refused(INVALID_MESSAGE)
            return handler(data, checksum)
        except Refused as refused:
            return Send([self._packet(0, b"", refused.args[0])])

    # Answers

    def _packet(self, value: int, data: bytes = b"", error: int = 0) -> bytes:
        status = bytes([1 if error else 0, error]) + (b"" if self.is_stub else bytes(2))
        return struct.pack("<BBHI", 1, self._op, len(data) + len(status), value) + data + status

    def _good(self, value: int = 0, data: bytes = b"") -> Send:
        return Send([self._packet(value, data)])

    def _accept(self, _data: bytes, _checksum: int) -> Send:
        return self._good()

    def _sync(self, _data: bytes, _checksum: int) -> Send:
        return Send([self._packet(0 if self.is_stub else _ROM_SYNC_VALUE)] * 8)

    def _read_reg(self, data: bytes, _checksum: int) -> Send:
        return self._good(self._registers.read(struct.unpack_from("<I", data)[0]))

    def _write_reg(self, data: bytes, _checksum: int) -> Send:
        for address, value, mask, _delay in struct.iter_unpack("<IIII", data):
            self._registers.write(address, value, mask)
        return self._good()

    def _security_info(self, _data: bytes, _checksum: int) -> Send:
        return self._good(0, struct.pack("<IB7BII", 0, 0, *bytes(7), self._chip.chip_id, 0))

    def _change_baud(self, data: bytes, _checksum: int) -> Send:
        return self._good()._replace(baud=struct.unpack_from("<I", data)[0])

    # RAM: only the stub is ever uploaded

    def _mem_begin(self, _data: bytes, _checksum: int) -> Send:
        return self._good()

    def _mem_data(self, data: bytes, checksum: int) -> Send:
        _checked(data, checksum)
        return self._good()

    def _mem_end(self, data: bytes, _checksum: int) -> Send:
        stay, _entry = struct.unpack_from("<II", data)
        send = self._good()
        if not stay:
            self.is_stub = True
            self._commands |= {0xD0: self._erase_all, 0xD1: self._erase_region, 0xD2: self._read_flash}
            send.packets.append(b"OHAI")
        return send

    # Flash

    def _flash_begin(self, data: bytes, _checksum: int) -> Send:
        size, _blocks, _block_size, self._at = struct.unpack_from("<IIII", data)
        self._begin(size)
        self._inflate = None
        return self._good()

    def _deflate_begin(self, data: bytes, _checksum: int) -> Send:
        size, _blocks, _block_size, self._at = struct.unpack_from("<IIII", data)
        self._begin(size)
        self._inflate = zlib.decompressobj()
        return self._good()

    def _begin(self, size: int) -> None:
        if self._at + size > self._flash.size:
            raise Refused(FAILED)
        self._erased_to = self._at // SECTOR * SECTOR
        if not self.is_stub and size:  # the ROM erases beforehand, the stub as it goes
            self._erase_up_to(self._at + size)

    def _flash_data(self, data: bytes, checksum: int) -> Send:
        block = _checked(data, checksum)
        self._program(block)
        return self._good()

    def _deflate_data(self, data: bytes, checksum: int) -> Send:
        block = _checked(data, checksum)
        if self._inflate is None:
            raise Refused(FAILED)
        if self._faults.take("refuse_blocks"):  # before inflating, so that the same block can be sent again
            raise Refused(BAD_CHECKSUM)
        try:
            plain = self._inflate.decompress(block)
        except zlib.error:
            raise Refused(DEFLATE_ERROR) from None
        self._program(plain)
        return self._good()

    def _program(self, block: bytes) -> None:
        if self._inflate is None and self._faults.take("refuse_blocks"):
            raise Refused(BAD_CHECKSUM)
        if self._faults.take("corrupt_flash_writes"):
            middle = next((i for i in range(len(block)) if block[i]), 0)
            block = block[:middle] + bytes([block[middle] & (block[middle] - 1)]) + block[middle + 1 :]
        for at in range(0, len(block), SECTOR):
            piece = block[at : at + SECTOR]
            self._erase_up_to(self._at + len(piece))
            self._spend(self._flash.program(self._at, piece))
            self._at += len(piece)
            if self._faults.unplugged_by(len(piece)):
                self.unplugged = True
                return

    def _erase_up_to(self, end: int) -> None:
        while self._erased_to < end:
            self._spend(self._flash.erase(self._erased_to))
            self._erased_to += SECTOR

    def _flash_end(self, data: bytes, _checksum: int) -> Send:
        return self._good()._replace(reset=struct.unpack_from("<I", data)[0] == 0)

    def _erase_all(self, _data: bytes, _checksum: int) -> Send:
        self._spend(self._flash.erase(0, self._flash.size))
        return self._good()

    def _erase_region(self, data: bytes, _checksum: int) -> Send:
        at, size = struct.unpack_from("<II", data)
        try:
            self._spend(self._flash.erase(at, size))
        except ValueError:
            raise Refused(FAILED) from None
        return self._good()

    def _md5(self, data: bytes, _checksum: int) -> Send:
        at, size = struct.unpack_from("<II", data)
        digest = hashlib.md5(self._flash.read(at, size), usedforsecurity=False)
        return self._good(0, digest.digest() if self.is_stub else digest.hexdigest().encode())

    def _read_slow(self, data: bytes, _checksum: int) -> Send:
        at, size = struct.unpack_from("<II", data)
        return self._good(0, self._flash.read(at, min(size, _SLOW_READ)).ljust(_SLOW_READ, b"\0"))

    def _read_flash(self, data: bytes, _checksum: int) -> Send:
        at, size, block, _in_flight = struct.unpack_from("<IIII", data)
        if at + size > self._flash.size:
            raise Refused(FAILED)
        return self._good()._replace(read=(at, size, block))

    def _spend(self, seconds: float) -> None:
        """Let flash time pass: the stub writes a block while the next one comes in, and answers that when it is done."""
        if self._paced:
            self._busy_until = max(self._busy_until, time.monotonic()) + seconds

    def _wait(self) -> None:
        left = self._busy_until - time.monotonic()
        if left > 0:
            time.sleep(left)


def _checked(data: bytes, checksum: int) -> bytes:
    """The payload of a data command, `length(4) sequence(4) 0(4) 0(4) payload`."""
    size = struct.unpack_from("<I", data)[0]
    payload = data[16:]
    if size != len(payload) or _xor(payload) ^ 0xEF != checksum & 0xFF:
        raise Refused(BAD_CHECKSUM)
    return payload


def _xor(data: bytes) -> int:
    """All bytes XORed, by folding them as one number: eight boards at once share one interpreter."""
    number, half = int.from_bytes(data, "little"), 1 << max(len(data) - 1, 0).bit_length()
    while half > 1:
        half //= 2
        number = number >> 8 * half ^ number & (1 << 8 * half) - 1
    return number
