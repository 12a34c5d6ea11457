"""An ESP32 board on a pseudo-terminal: its ROM loader, esptool's stub, and what runs after a reset. Test equipment.

Real `esptool` connects to it, detects chip, MAC and flash, uploads and starts the stub, writes, verifies, reads, erases and
changes the baud rate; the flash is a file with NOR behaviour (`simulator.flash`). After a reset the double runs what was
written to it (`running`), so that real `mpremote` talks to the same bytes.

    with BoardDouble(folder) as board:
        subprocess.run(["esptool", "--port", board.port, "flash-id"])

Faults are put in by `board.faults` (refused blocks, garbage, unplugging, an adapter that is bad at high baud rates), wrong
chips and small flashes by the constructor.

Not imitated:
- DTR and RTS, which a pseudo-terminal does not have. A SYNC packet counts as a finger on BOOT and EN; a reset by RTS does
  not happen, so whoever wants the board to run asks the loader for it (`FLASH_END` with 0) or calls `board.reset()`.
- the ROM's boot messages, watchdogs, secure boot, flash encryption, eFuse writing, and every register but the few that
  esptool reads to name chip, MAC and flash
- the code of the stub: an upload of any code answers "OHAI" and from there on behaves like esptool's stub
- a line that drops single bytes at a wrong baud rate: it turns everything into 0x80 instead
- time, unless `paced`: then the line takes its 10 bits a byte and the flash the times of `simulator.flash`
"""

from tests.rom_double.chip import CHIPS, Chip
from tests.rom_double.double import BoardDouble
from tests.rom_double.faults import Faults

__all__ = ["CHIPS", "BoardDouble", "Chip", "Faults"]
