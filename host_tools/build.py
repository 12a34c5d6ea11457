"""Building a board's flash image: stock MicroPython, our partition table, our application."""

from __future__ import annotations

from pathlib import Path

from host_tools import app_image, partition_table, stock_firmware
from host_tools.boards import Board
from host_tools.flash_image import FlashImage


def build_image(board: Board, firmware: Path | None = None) -> FlashImage:
    """The whole flash of `board`, erased where nothing belongs.

    Without a stock firmware file the image has table and application but neither bootloader nor MicroPython: enough to
    simulate, and to update a board that already runs it. The same input gives the same bytes.
    """
    image = FlashImage(board)
    if firmware is not None:
        stock = stock_firmware.read(firmware, board)
        room = partition_table.OFFSET - stock_firmware.BOOTLOADER_OFFSET
        image.put("bootloader", stock.bootloader, stock_firmware.BOOTLOADER_OFFSET, room)
        image.put("factory", stock.application)
    image.put("partition-table", partition_table.encode(board.partitions), partition_table.OFFSET, 0x1000)
    application = app_image.build(board)
    image.put("vfs", application.data)
    return image
