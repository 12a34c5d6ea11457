"""Runs on a bench board in the terminal's place: keys are heard while a member list is taken in and records are written.

The parts are the terminal's own, with their rules: an erase waits for a quiet keypad. Once nothing has been pressed for a while
it prints a line of JSON: keys heard, records and list bytes written meanwhile.
"""

import asyncio
import json

import board

from drivers.keypad import Keypad
from drivers.partitions import partition
from firmware.terminal.journal import Journal
from firmware.terminal.list_place import ListPlace
from firmware.terminal.list_update import Transfer
from firmware.terminal.member_lists import MemberLists
from firmware.terminal.ring import Ring
from protocol.record import Record, Sealer

QUIET_MS = 300
OVER_MS = 4000
RECORD_EVERY_MS = 150


class Counter:
    """What stands for the list cache, and for the connection that the list comes by."""

    is_busy = False

    def __init__(self):
        self.keypad = Keypad(board.KEYPAD_ROWS, board.KEYPAD_COLUMNS, board.KEYPAD_LAYOUT)
        self.quiet_ms = self.keypad.quiet_ms
        self.heard = self.records = self.list_bytes = 0

    async def read(self, _within):
        """The next page of the list, at the pace of a network."""
        await asyncio.sleep_ms(5)
        with open("/list.bin", "rb") as file:
            file.seek(self.list_bytes)
            data = file.read(256)
        self.list_bytes += len(data)
        return data

    async def hear(self):
        while True:
            await self.keypad.get()
            self.heard += 1

    async def write_list(self):
        with open("/offer.json") as file:
            offer = json.load(file)
        parts = partition("list_a"), partition("list_b")
        while True:
            lists = MemberLists(parts, (ListPlace(), ListPlace()), {offer["list"]: bytes(range(32))}, Ring.buffer)
            self.list_bytes = 0
            await Transfer(self, self).take(lists, offer["month"], offer)  # and the same again

    async def write_records(self):
        journal = Journal(partition("journal"), Sealer(bytes(32)), lambda above: above + 1)
        while True:
            await asyncio.sleep_ms(RECORD_EVERY_MS)
            if self.quiet_ms() > QUIET_MS:
                journal.idle()
            journal.append(Record(1, 0, 0, 1796054400, 1, 0, 202612, 13800138000, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0))
            self.records += 1

    async def run(self):
        for task in (self.keypad.run(), self.hear(), self.write_list(), self.write_records()):
            asyncio.create_task(task)  # noqa: RUF006 - MicroPython keeps its tasks
        while not self.heard or self.quiet_ms() < OVER_MS:
            await asyncio.sleep_ms(10)
        print(json.dumps([self.heard, self.keypad.lost, self.records, self.list_bytes]))


asyncio.run(Counter().run())
