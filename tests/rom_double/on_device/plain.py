"""A board with MicroPython and nothing of ours on it: comes up at the prompt."""

import sys

import repl

print("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)")
repl.serve({"__name__": "__main__"}, lambda main: None, set(sys.modules))
