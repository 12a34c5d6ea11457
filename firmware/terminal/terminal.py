"""A provisioned terminal at work: its parts, what it says of itself, its keys, and its housekeeping."""

import asyncio
import gc

from firmware.terminal import overlay
from firmware.terminal.clock import CENTRE, NETWORK

_ERASE_AFTER_QUIET_MS = 300
_ASK_TIME_S = 15
_TIME = "firmware.terminal.network_time"
_TILL = "firmware.terminal.till"


class Terminal:
    """What pages of the desk find here, put in by `firmware/main.py`: ``name``, ``key`` (32 bytes), ``journal``, ``refusals``,
    ``clock``, ``settings``, ``courier``, ``lists``, ``answers``, ``wifi``, ``resolver``, ``uplink``, ``screens``, ``signals``.

    boot: what `machine.reset_cause` says · version: of the firmware
    """

    def __init__(self, name, key, boot, board, version):
        self.name = name
        self.key = key
        self.boot = boot
        self._board = board
        self.version = version
        self.cashier = 0  # who has signed in
        # How many wrong ones count and when the last was keyed, by `second`: the supervisor's, the cashiers'. Here, because the
        # page that asks for the PIN is forgotten when it is left.
        self.wrong_pins = [0, 0, 0, 0]
        self.second = 0  # since the start
        self.uplink = None  # the desk is drawn before there is one

    def serve(self, keypad, desk):
        """Start to serve the cashier."""
        self._keypad = keypad
        self._desk = desk
        for record in self.journal.last(1):
            desk.recall(record)
        asyncio.create_task(self._keys())
        asyncio.create_task(self._housekeeping())

    def online(self):
        """Whether the centre can be asked."""
        return bool(self.uplink and self.uplink.connected)

    def list_is_old(self):
        """Whether the cashier should be told that the member list is getting old."""
        version, age, _ = self.lists.now()
        return version and self.lists.is_past("warn", age)

    def signed_out(self):
        """Whether a cashier has to sign in. Who the centre no longer knows has been signed out."""
        if self.cashier not in self.settings.cashiers:
            self.cashier = 0
        return bool(self.settings.cashiers) and not self.cashier

    def facts(self, message):
        """The fields of ``hello`` and ``status``."""
        journal = self.journal
        if message == "hello":
            return {
                "version": self.version, "board": self._board, "epoch": journal.epoch, "sequence": journal.sequence,
                "list": self.lists.now()[0], "settings": self.settings.version, "boot": self.boot,
            }  # fmt: skip
        return {
            "online": True, "waiting": journal.waiting, "level": journal.level, "answered": self.answers.online,
            "offline": self.answers.offline, "forks": self.courier.forks, "damaged": journal.damaged,
            "dropped": self.courier.refused_messages + (self.uplink.skipped if self.uplink else 0),
        }  # fmt: skip

    def overturned(self, verdict):
        """The centre's answer came too late to count, and differs from the ``verdict`` that was shown."""
        overlay.load(_TILL).Till(self).overturned(verdict)
        overlay.drop(_TILL)

    async def _keys(self):
        while True:
            kind, key = await self._keypad.get()
            self._desk.key(kind, key)

    async def _housekeeping(self):
        """Once a second: the desk's clock; a sector erase only while no finger is near a key."""
        while True:
            await asyncio.sleep(1)
            self._desk.tick()
            if self._keypad.quiet_ms() > _ERASE_AFTER_QUIET_MS:
                self.settings.keep() or self.journal.idle() or self.courier.tidy()  # one erase a turn at most
                gc.collect()  # by itself it would come when the heap is full, and what stays would lie scattered by then
            self.second += 1
            if self.second % _ASK_TIME_S == 3 and self.wifi.connected() and self.clock.source not in (CENTRE, NETWORK):
                asyncio.create_task(self._ask_time())

    async def _ask_time(self):
        await overlay.load(_TIME).set_clock(self.resolver, self.clock)
        overlay.drop(_TIME)
