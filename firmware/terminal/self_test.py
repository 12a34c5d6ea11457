"""The self-test a unit passes before it goes out: guided on its own display, answered at its own keypad.

Loaded only when a technician's tool asks for it over the console. ``#`` means yes, ``*`` means no. Every step is reported as a
dict to ``say``; nothing here knows how it gets to the tool.
"""

import asyncio
import gc
import os
from binascii import hexlify
from time import ticks_diff, ticks_ms

from protocol.record import CLOCKS, REDEMPTION, TRAINING, Record

_ANSWER_MS = 180_000
_KEY_MS = 90_000
_SHOW_MS = 1_200
_JOIN_MS = 25_000
_REACH_MS = 25_000
_RECEIPT_MS = 30_000
_FREE_BYTES = 16_384
_WEAK_DBM = -85
_FILE_BYTES = 4096

GUIDED = ("display", "keypad", "buzzer", "lights")
ALONE = ("flash", "memory", "clock")
WIFI, WIRE = "wifi", "link"  # the step for the network that the board has
ONLINE = ("broker", "training")
# Without the step before it a step can only fail, and takes half a minute to.
_NEEDS = {"broker": (WIFI, WIRE), "training": ("broker",)}


class SelfTest:
    """``parts`` has display, keypad, buzzer, leds, chip, wifi, uplink, journal, clock, layout, now (the tool's clock), spare (a
    raw partition), folder, and wake() (there is something to send); see `firmware/service.py`."""

    def __init__(self, parts, say):
        self._parts = parts
        self._say = say
        self._rows = parts.display.rows
        self._began = ticks_ms()

    async def run(self, names):
        """Carry out the steps ``names`` in order; whether none of them failed."""
        failed = []
        for at, name in enumerate(names):
            self._say({"at": name, "done": at, "of": len(names)})
            began = ticks_ms()
            try:
                missing = [before for before in _NEEDS.get(name, ()) if before in failed]
                if missing:
                    passed, detail, values = None, "after " + missing[0], {}
                else:
                    passed, detail, values = await getattr(self, name)()
            except Exception as error:  # whatever is broken, the steps after it are still of use
                passed, detail, values = False, repr(error), {}
            values["ms"] = ticks_diff(ticks_ms(), began)
            self._say({"step": name, "passed": passed, "detail": detail, "values": values})
            if not passed:
                failed.append(name)
        good = not failed
        self._show("SELF-TEST", "PASSED" if good else "FAILED")
        self._parts.leds.green(good)
        self._parts.leds.red(not good)
        self._say({"end": good})
        return good

    # guided

    async def display(self):
        """Every cell dark once: the pattern on all rows but the one with the question, then on that one."""
        wide = "8" * self._parts.display.columns
        for question in (self._rows - 1, 0):
            lines = [wide] * self._rows
            lines[question] = "8s ok? #yes *no"
            self._parts.display.show(lines)
            if await self._answer() is not True:
                return False, "cells missing, or no answer", {}
        return True, "%d x %d" % (self._parts.display.columns, self._rows), {}

    async def keypad(self):
        """Every key, in any order."""
        missing = "".join(self._parts.layout)
        while missing:
            self._show("Press all keys", missing)
            try:
                kind, key = await asyncio.wait_for_ms(self._parts.keypad.get(), _KEY_MS)
            except asyncio.TimeoutError:
                return False, "not pressed: " + missing, {"missing": missing}
            if kind == "press" and key in missing:
                missing = missing.replace(key, "")
                self._parts.buzzer.play(((2400, 15),))
        return True, "all %d keys" % len("".join(self._parts.layout)), {}

    async def buzzer(self):
        self._parts.buzzer.play(((1000, 200), (0, 100), (2000, 200), (0, 100), (3000, 200)))
        self._show("Three tones?", "#yes *no")
        heard = await self._answer()
        return heard is True, "heard" if heard else "not heard", {}

    async def lights(self):
        leds = self._parts.leds
        for light, name in ((leds.green, "Green"), (leds.red, "Red")):
            light(True)
            self._show(name + " light?", "#yes *no")
            seen = await self._answer()
            light(False)
            if seen is not True:
                return False, name.lower() + " not seen", {}
        return True, "green and red", {}

    # alone

    async def flash(self):
        """A file written, read and deleted; and, where the spare partition's last sector is blank, one raw program and erase."""
        self._working("flash")
        path = self._parts.folder + "/selftest"
        pattern = bytes(range(256)) * (_FILE_BYTES // 256)
        with open(path, "wb") as file:
            file.write(pattern)
        with open(path, "rb") as file:
            same = file.read() == pattern
        os.remove(path)
        raw = await self._raw_flash(pattern)
        return same and raw is not False, "file %s, raw %s" % ("ok" if same else "differs", "ok" if raw is True else raw), {}

    async def _raw_flash(self, pattern):
        spare = self._parts.spare
        last = spare.ioctl(4, 0) - 1
        room = bytearray(256)
        for at in range(0, 4096, 256):
            spare.readblocks(last, room, at)
            if room != b"\xff" * 256:
                return "in use"
        spare.writeblocks(last, pattern[:256], 0)
        spare.readblocks(last, room, 0)
        good = room == pattern[:256]
        spare.ioctl(6, last)
        spare.readblocks(last, room, 0)
        return good and room == b"\xff" * 256

    async def memory(self):
        self._working("memory")
        gc.collect()
        free = gc.mem_free()
        return free >= _FREE_BYTES, "%d bytes free" % free, {"free": free, "used": gc.mem_alloc()}

    async def clock(self):
        """The clock chip answers and runs."""
        self._working("clock")
        first = self._parts.chip.read()
        if first is None and not self._parts.chip.set(self._now()):
            return False, "no clock chip answers", {}
        first = self._parts.chip.read()
        await asyncio.sleep_ms(2_100)
        second = self._parts.chip.read()
        if first is None or second is None:
            return False, "the clock chip does not keep time", {}
        gone = second - first
        off = second - self._now()
        return 1 <= gone <= 3, "%d s in 2 s, off by %d s" % (gone, off), {"unix": second, "off": off}

    async def wifi(self):
        self._working("Wi-Fi")
        if not await self._until(self._parts.wifi.connected, _JOIN_MS):
            return False, "not joined, cause %s" % self._parts.wifi.cause, {"cause": self._parts.wifi.cause}
        level = self._parts.wifi.rssi() or 0
        return level >= _WEAK_DBM, "%d dBm" % level, {"dbm": level}

    async def link(self):
        """A wired board's: a cable with something at its other end, and an address from there."""
        self._working("cable")
        wire = self._parts.wifi
        if not await self._until(wire.connected, _JOIN_MS):
            return False, "link, but no address" if wire.cause == 1010 else "no link", {"cause": wire.cause}
        return True, "up, address " + wire.address(), {"address": wire.address()}

    async def broker(self):
        self._working("broker")
        uplink = self._parts.uplink
        up = await self._until(lambda: uplink.connected, _REACH_MS)
        return up, "connected" if up else "%s: %s" % (uplink.state, uplink.fault), {"fault": uplink.fault}

    async def training(self):
        """A redemption that never counts, journalled, sent, stored by the centre and receipted."""
        self._working("redemption")
        journal = self._parts.journal
        now = self._parts.clock.now() or 0
        sequence = journal.append(
            Record(REDEMPTION, 0, 0, now, self._parts.clock.source, TRAINING, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        )
        where = (journal.epoch, sequence)
        self._parts.wake()
        stored = await self._until(lambda: journal.receipted >= where, _RECEIPT_MS)
        values = {"epoch": where[0], "sequence": sequence, "clock": CLOCKS[self._parts.clock.source]}
        return stored, "record %d/%d %s" % (where + ("receipted" if stored else "without a receipt",)), values

    # what they share

    async def _answer(self):
        """True for ``#``, False for ``*``, None when nobody pressed either."""
        began = ticks_ms()
        while ticks_diff(ticks_ms(), began) < _ANSWER_MS:
            try:
                kind, key = await asyncio.wait_for_ms(self._parts.keypad.get(), 1_000)
            except asyncio.TimeoutError:
                continue
            if kind == "press" and key in "#*":
                return key == "#"
        return None

    async def _until(self, reached, ms):
        began = ticks_ms()
        while not reached():
            if ticks_diff(ticks_ms(), began) > ms:
                return False
            await asyncio.sleep_ms(50)
        return True

    def _now(self):
        """The tool's time, carried on."""
        return self._parts.now + ticks_diff(ticks_ms(), self._began) // 1000

    def _working(self, what):
        self._show("Testing " + what, "please wait")

    def _show(self, *lines):
        self._parts.display.show(list(lines) + [""] * (self._rows - len(lines)))


def mac_text(number):
    """A chip's number as people read it."""
    return ":".join(hexlify(number[at : at + 1]).decode() for at in range(len(number)))
