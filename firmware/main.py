"""The composition root: board config → drivers → terminal. The only place that knows everything."""

import asyncio
import json
import os
import sys
import time
from binascii import hexlify

import board
import machine
from drivers.buzzer import Buzzer
from drivers.clock_chip import ClockChip
from drivers.display import Display
from drivers.hd44780 import Hd44780
from drivers.keypad import Keypad
from drivers.leds import Leds
from drivers.nvs import Nvs
from drivers.partitions import partition
from drivers.wifi import Wifi
from firmware.terminal.checks import Checks
from firmware.terminal.clock import Clock
from firmware.terminal.courier import Courier
from firmware.terminal.desk import Desk
from firmware.terminal.journal import Journal
from firmware.terminal.list_cache import ListCache
from firmware.terminal.menu import Menu, clock_source
from firmware.terminal.network_time import NetworkTime
from firmware.terminal.refusals import Refusals
from firmware.terminal.resolver import Resolver
from firmware.terminal.screens import Screens
from firmware.terminal.settings import Settings
from firmware.terminal.till import Till
from firmware.terminal.uplink import Uplink
from protocol import topics
from protocol.keys import derive
from protocol.messages import hex_of
from protocol.record import Sealer

SETTINGS = "/settings"
_ERASE_AFTER_QUIET_MS = 300
_WATCHDOG_MS = 10_000


class Terminal:
    """Everything a provisioned terminal is made of, and its tasks."""

    def __init__(self, display, keypad, buzzer, leds, nvs, texts):
        self.nvs = nvs
        self.id = nvs.text("id")
        key = nvs.blob("key")
        self.keypad = keypad
        self.wifi = Wifi()
        self.journal = Journal(partition("journal"), Sealer(key), self._new_epoch)
        self.refusals = Refusals(partition("refusals"), Sealer(key, b"refusal"), self._new_epoch)
        self.clock = Clock(time, ClockChip(board.I2C_SCL, board.I2C_SDA), max(board.BUILT, self._last_record_time()))
        self.settings = Settings(SETTINGS, derive(key, b"message"), topics.down(self.id, "settings"))
        self.courier = Courier(time, self.id, key, self.journal, self.refusals, self.settings, self.clock, self.facts)
        self.lists = ListCache((partition("list_a"), partition("list_b")), key, self.settings, self.clock, self.courier.send)
        self.checks = Checks(
            time, self.clock, self.settings, self.lists, self.journal, self.courier.send, lambda v: self.till.overturned(v)
        )
        resolver = Resolver(self.wifi.dns)
        self.network_time = NetworkTime(resolver, self.wifi, self.clock)
        host, port = endpoint(nvs.text("mqtt_url"))
        self.uplink = Uplink(
            host, port, client_id=self.id, user=self.id, password=hex_of(derive(key, b"mqtt")), will=self.courier.will(),
            subscribe=topics.down(self.id, "+"), link=self.wifi, on_up=self.courier.connected, on_message=self.courier.hear,
            resolver=resolver,
        )  # fmt: skip
        self.courier.join(self.uplink, self.checks, self.lists)
        self.till = Till(
            self.clock, self.settings, self.journal, self.refusals, lambda: self.uplink.connected, self.courier.wake
        )
        screens = Screens(display, texts)
        menu = Menu(screens, key, self.settings, self.clock, self.journal, self.till, self.status)
        self.desk = Desk(screens, leds, buzzer, self.clock, self.settings, self.checks, self.till, menu)

    def _new_epoch(self, above):
        # Stored before the journal uses it: an epoch is never used twice, whatever happens to the journal's flash.
        epoch = max(self.nvs.number("epoch") or 0, above) + 1
        self.nvs.set_number("epoch", epoch)
        return epoch

    def _last_record_time(self):
        for record in self.journal.last(1):
            return record.time
        return 0

    def facts(self, message):
        """The fields of ``hello`` and ``status``."""
        journal = self.journal
        if message == "hello":
            return {
                "version": board.VERSION, "board": board.NAME, "epoch": journal.epoch, "sequence": journal.sequence,
                "list": self.lists.version(), "settings": self.settings.version, "boot": machine.reset_cause(),
            }  # fmt: skip
        return {
            "online": True, "waiting": journal.waiting, "level": journal.level, "answered": self.checks.answered_online,
            "offline": self.checks.answered_offline, "dropped": self.courier.refused_messages, "forks": self.courier.forks,
            "damaged": journal.damaged,
        }  # fmt: skip

    def status(self):
        """The fields of the status screens."""
        return {
            "net": "ON" if self.uplink.connected else "OFF", "rssi": self.wifi.rssi() or 0, "waiting": self.journal.waiting,
            "list": self.lists.version(), "age": self.lists.age_days(), "level": self.journal.level, "terminal": self.id,
            "version": board.VERSION, "clock": clock_source(self.clock),
        }  # fmt: skip

    def start(self):
        """Start the tasks that serve the network; each runs for ever."""
        self.wifi.start(self.nvs.text("wifi_ssid"), self.nvs.text("wifi_psk"))
        for part in (self.wifi, self.uplink, self.courier, self.lists, self.network_time):
            asyncio.create_task(part.run())
        asyncio.create_task(self._keys())
        asyncio.create_task(self._housekeeping())

    async def _keys(self):
        while True:
            kind, key = await self.keypad.get()
            self.desk.key(kind, key)

    async def _housekeeping(self):
        """Once a second: the desk's clock; sector erases only while no finger is near a key."""
        while True:
            await asyncio.sleep(1)
            self.desk.tick()
            if self.keypad.quiet_ms() > _ERASE_AFTER_QUIET_MS:
                self.journal.idle() or self.refusals.idle()  # one erase a turn at most


def endpoint(url):
    """(host, port) of ``mqtt://host[:port]``."""
    host, _, port = url.split("://")[-1].partition(":")
    return host, int(port or "1883")


def load_texts(language):
    """The texts of a language, from the application slot."""
    with open("%s/texts/%s.json" % (sys.path[0], language)) as file:
        return json.load(file)


async def main():
    """Draw first, so that the glass lives whatever comes; then the terminal."""
    display = Display(Hd44780(*board.LCD_PINS, board.LCD_COLUMNS, board.LCD_ROWS, board.LCD_BACKLIGHT))
    keypad = Keypad(board.KEYPAD_ROWS, board.KEYPAD_COLUMNS, board.KEYPAD_LAYOUT)
    buzzer = Buzzer(board.BUZZER)
    leds = Leds(board.LED_GREEN, board.LED_RED)
    for part in (display, keypad, buzzer):
        asyncio.create_task(part.run())
    texts = load_texts(board.LANGUAGE)
    nvs = Nvs("cheyou")
    if not nvs.text("id") or len(nvs.blob("key") or b"") != 32:
        Screens(display, texts).show("unprovisioned", mac=hexlify(machine.unique_id()).decode())
    else:
        try:
            os.mkdir(SETTINGS)
        except OSError:
            pass  # it is there
        Terminal(display, keypad, buzzer, leds, nvs, texts).start()
    watchdog = machine.WDT(timeout=_WATCHDOG_MS)
    while True:
        watchdog.feed()
        await asyncio.sleep(1)


asyncio.run(main())
