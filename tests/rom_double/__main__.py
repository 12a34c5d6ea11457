"""A double by hand, for trying things out: `python -m tests.rom_double FOLDER`, then `cheyou flash --port …`.

Says in one line of JSON where it is; ends when its standard input does, or with Enter.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.rom_double import CHIPS, BoardDouble


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.rom_double", description=__doc__)
    parser.add_argument("folder", type=Path, help="where its port and its flash file lie")
    parser.add_argument("--chip", choices=sorted(CHIPS), default="esp32")
    parser.add_argument("--flash", type=int, default=4, help="megabytes [4]")
    parser.add_argument("--mac", default="24:6f:28:00:00:01")
    parser.add_argument("--paced", action="store_true", help="take the time a board takes")
    parser.add_argument("--keep", action="store_true", help="the flash as it was left")
    given = parser.parse_args()
    image = None if given.keep else b""
    with BoardDouble(
        given.folder, chip=given.chip, mac=given.mac, flash_bytes=given.flash << 20, image=image, paced=given.paced
    ) as board:
        print(json.dumps({"port": board.port, "flash": str(board.flash_path)}), flush=True)
        sys.stdin.readline()


main()
