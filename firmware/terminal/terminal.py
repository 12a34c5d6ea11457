"""A provisioned terminal at work: what it says of itself, its keys, and its housekeeping."""

import asyncio

from firmware.terminal import overlay
from firmware.terminal.clock import CENTRE, NETWORK

_ERASE_AFTER_QUIET_MS = 300
_ASK_TIME_S = 15


class Terminal:
    """The parts, put together by `firmware/main.py`."""

    def __init__(
        self, name, key, boot, board, version, journal, clock, settings, courier, lists, checks, till, wifi, resolver, screens
    ):
        self._name = name
        self._key = key
        self._boot = boot
        self._board = board
        self._version = version
        self._journal = journal
        self._clock = clock
        self._settings = settings
        self._courier = courier
        self._lists = lists
        self._checks = checks
        self._till = till
        self._wifi = wifi
        self._resolver = resolver
        self._screens = screens
        self._uplink = None  # the desk is drawn before there is one

    def serve(self, uplink, keypad, desk):
        """Start to serve the cashier."""
        self._uplink = uplink
        self._keypad = keypad
        self._desk = desk
        for record in self._journal.last(1):
            desk.recall(record)
        asyncio.create_task(self._keys())
        asyncio.create_task(self._housekeeping())

    def online(self):
        """Whether the centre can be asked."""
        return bool(self._uplink and self._uplink.connected)

    def list_is_old(self):
        """Whether the cashier should be told that the member list is getting old."""
        version, age, _ = self._lists.now()
        return version and self._lists.is_past("warn", age)

    def facts(self, message):
        """The fields of ``hello`` and ``status``."""
        journal, checks = self._journal, self._checks
        if message == "hello":
            return {
                "version": self._version, "board": self._board, "epoch": journal.epoch, "sequence": journal.sequence,
                "list": self._lists.now()[0], "settings": self._settings.version, "boot": self._boot,
            }  # fmt: skip
        return {
            "online": True, "waiting": journal.waiting, "level": journal.level, "answered": checks.answered_online,
            "offline": checks.answered_offline, "dropped": self._courier.refused_messages, "forks": self._courier.forks,
            "damaged": journal.damaged,
        }  # fmt: skip

    def status(self):
        """The fields of the status screens."""
        _, age, members = self._lists.now()
        return {
            "net": self._screens.word("online" if self.online() else "offline"), "rssi": self._wifi.rssi() or 0,
            "waiting": self._journal.waiting, "list": members, "age": age // 86_400,
            "level": self._journal.level, "terminal": self._name, "version": self._version,
        }  # fmt: skip

    def open_menu(self):
        """The service menu, loaded for the occasion."""
        menu = overlay.load("firmware.terminal.menu").Menu
        return menu(self._screens, self._key, self._settings, self._clock, self._journal, self._till, self.status, self.code)

    def code(self):
        """The terminal's state in 12 digits, for the help desk."""
        digits = overlay.load("firmware.terminal.health").code(
            self._wifi, self._uplink, self._clock, self._lists, self._settings, self._journal, self._courier.forks, self._boot,
            self._version,
        )  # fmt: skip
        overlay.drop("firmware.terminal.health")
        return digits

    def close_menu(self):
        """Forget the service menu's code."""
        overlay.drop("firmware.terminal.menu")

    async def _keys(self):
        while True:
            kind, key = await self._keypad.get()
            self._desk.key(kind, key)

    async def _housekeeping(self):
        """Once a second: the desk's clock; a sector erase only while no finger is near a key."""
        second = 0
        while True:
            await asyncio.sleep(1)
            self._desk.tick()
            if self._keypad.quiet_ms() > _ERASE_AFTER_QUIET_MS:
                self._settings.keep() or self._journal.idle()  # one erase a turn at most
            second += 1
            if second % _ASK_TIME_S == 3 and self._wifi.connected() and self._clock.source not in (CENTRE, NETWORK):
                asyncio.create_task(self._ask_time())

    async def _ask_time(self):
        await overlay.load("firmware.terminal.network_time").set_clock(self._resolver, self._clock)
        overlay.drop("firmware.terminal.network_time")
