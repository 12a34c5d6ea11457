"""What esptool reads to tell one chip from another: facts from esptool's `targets/` and the chips' technical references."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_SPI_RDID = 0x9F
_SPI_RDSFDP = 0x5A
_SFDP_SIGNATURE = 0x50444653  # JESD216: "SFDP"
_WINBOND = 0x40EF  # W25Q series: manufacturer EF, type 40; the third byte is log2 of the size
_USR = 1 << 18


@dataclass(frozen=True)
class Chip:
    """One chip: how it names itself, and where its SPI controller's registers lie."""

    name: str
    magic: int  # at 0x40001000; esptool tells the older chips apart by it
    chip_id: int | None  # in the answer to GET_SECURITY_INFO; None: the ROM does not know that command
    mac_registers: tuple[int, int]  # low 32 bits, high 16 bits
    spi_base: int
    spi_usr2: int
    spi_w0: int


CHIPS = {
    "esp32": Chip("esp32", 0x00F01D83, None, (0x3FF5A004, 0x3FF5A008), 0x3FF42000, 0x24, 0x80),
    "esp32s3": Chip("esp32s3", 0x00000009, 9, (0x60007044, 0x60007048), 0x60002000, 0x20, 0x58),
}


class Registers:
    """Memory-mapped registers as far as esptool looks: eFuse words, and the SPI controller in front of the flash."""

    def __init__(self, chip: Chip, mac: bytes, flash_bytes: int) -> None:
        self._chip = chip
        high, low = struct.unpack(">HI", mac)
        self._words = {0x40001000: chip.magic, chip.mac_registers[0]: low, chip.mac_registers[1]: high}
        if chip.name == "esp32":
            # A 40 MHz crystal as the ROM measures it (esptool: get_rom_cal_crystal_freq): 40e6 = cali * 15625 * ck8m / 40.
            self._words[0x3FF5F06C] = 512 << 7
            self._words[0x3FF5A010] = 200
            self._words[0x3FF40014] = 40_000_000 // 115_200
        self._flash_id = (flash_bytes.bit_length() - 1) << 16 | _WINBOND

    def read(self, address: int) -> int:
        """The word at `address`; 0 where nothing is modelled."""
        return self._words.get(address, 0)

    def write(self, address: int, value: int, mask: int) -> None:
        """Write the masked bits; starting a SPI command puts its answer into the data register at once."""
        self._words[address] = (self.read(address) & ~mask) | (value & mask)
        chip = self._chip
        if address == chip.spi_base and value & _USR:
            self._words[address] = 0
            command = self.read(chip.spi_base + chip.spi_usr2) & 0xFF
            answers = {_SPI_RDID: self._flash_id, _SPI_RDSFDP: _SFDP_SIGNATURE}
            self._words[chip.spi_base + chip.spi_w0] = answers.get(command, 0)
