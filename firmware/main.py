"""The composition root: board config → drivers → terminal. The only place that knows everything.

`start.py` runs it once and then forgets it: what it builds lives on, the code that built it need not.
"""

import asyncio
import os
import sys
import time
from binascii import hexlify

import board

from drivers.buzzer import Buzzer
from drivers.chip import mac, reset_cause
from drivers.contacts import Contacts
from drivers.display import Display
from drivers.keypad import Keypad
from drivers.leds import Leds
from drivers.nvs import Nvs
from drivers.partitions import partition
from drivers.watchdog import watch
from firmware.peripherals import glass, link
from firmware.terminal import overlay
from firmware.terminal.answers import Answers
from firmware.terminal.clock import Clock
from firmware.terminal.courier import Courier
from firmware.terminal.desk import Desk
from firmware.terminal.files import PREFERENCES, SETTINGS
from firmware.terminal.journal import Journal
from firmware.terminal.list_cache import ListCache
from firmware.terminal.mqtt_codec import MqttCodec
from firmware.terminal.refusals import Refusals
from firmware.terminal.resolver import Resolver
from firmware.terminal.ring import Ring
from firmware.terminal.screens import Screens
from firmware.terminal.settings import Settings
from firmware.terminal.signals import Signals
from firmware.terminal.terminal import Terminal
from firmware.terminal.texts import Texts
from firmware.terminal.uplink import Uplink
from protocol import topics
from protocol.keys import derive
from protocol.messages import hex_of
from protocol.record import Sealer

_MADE_ONCE = (
    Answers, Buzzer, Clock, Contacts, Courier, Desk, Display, Journal, Keypad, Leds, ListCache, MqttCodec, Refusals, Resolver,
    Ring, Screens, Sealer, Settings, Signals, Terminal, Texts, Uplink,
)  # fmt: skip


def main(safe):
    """Draw first, so that the glass lives whatever comes; then the terminal. Leaves its tasks to the loop.

    ``safe``: start nothing but the display, because what else there is has failed again and again.
    """
    asyncio.create_task(watch())
    panel = glass()
    display = Display(panel)
    keypad = Keypad(board.KEYPAD_ROWS, board.KEYPAD_COLUMNS, board.KEYPAD_LAYOUT)
    buzzer = Buzzer(board.BUZZER)
    leds = Leds(board.LED_GREEN, board.LED_RED)
    for part in (display, keypad, buzzer):
        asyncio.create_task(part.run())
    screens = Screens(display, Texts(sys.path[0] + "/texts", board.LANGUAGE))
    nvs = Nvs("cheyou")
    if safe:
        screens.show("safe_mode")
    elif not nvs.text("id") or len(nvs.blob("key") or b"") != 32:
        screens.show("unprovisioned", mac=hexlify(mac()).decode())
    else:
        try:
            os.mkdir(SETTINGS)
        except OSError:
            pass  # it is there
        build(screens, keypad, buzzer, leds, nvs)
    # 4 KB of code that has done its work.
    for made in _MADE_ONCE + (type(panel),):
        made.__init__ = None
    Terminal.serve = Desk.recall = Courier.join = None


def build(screens, keypad, buzzer, leds, nvs):
    """A provisioned terminal, its tasks started."""
    name, key = nvs.text("id"), nvs.blob("key")
    wifi = link()
    journal = Journal(partition("journal"), Sealer(key), nvs.next_epoch)
    refusals = Refusals(partition("refusals"), Sealer(key, b"refusal"), nvs.next_epoch)
    overlay.drop("firmware.terminal.mount")  # which both have needed to start
    floor = max([board.BUILT] + [record.time for record in journal.last(1)])
    chip = overlay.OnDemand("drivers.clock_chip", "ClockChip", board.I2C_SCL, board.I2C_SDA, board.I2C_HZ)
    clock = Clock(time, chip, floor)
    settings = Settings(SETTINGS, derive(key, b"message"), topics.down(name, "settings"), journal.epoch)
    courier = Courier(time, name, key, journal, refusals, settings, clock)
    resolver = Resolver(wifi.dns)
    lists = ListCache(
        (partition("list_a"), partition("list_b")), key, settings, clock, courier.send, keypad.quiet_ms, Ring.buffer,
        (resolver, nvs.text("http_url"), name),
    )  # fmt: skip
    terminal = Terminal(name, key, reset_cause(), board.NAME, board.VERSION)
    terminal.journal, terminal.refusals, terminal.clock, terminal.settings = journal, refusals, clock, settings
    terminal.courier, terminal.lists, terminal.wifi, terminal.resolver = courier, lists, wifi, resolver
    terminal.answers = answers = Answers(terminal.overturned)
    terminal.screens, terminal.signals = screens, Signals(leds, buzzer)
    prefer(screens, terminal.signals)
    courier.facts = terminal.facts
    if settings.damaged:
        with open(SETTINGS + "/settings", "rb") as file:
            courier.set_aside("settings", "on flash", file.read())
    if journal.spoiled:
        courier.set_aside("slot", "on flash", journal.spoiled)
    host, port = endpoint(nvs.text("mqtt_url"))
    terminal.uplink = uplink = Uplink(
        host, port, client_id="%s.%d" % (name, journal.epoch), user=name, password=hex_of(derive(key, b"mqtt")),
        will=courier.will(), subscribe=topics.down(name, "+"), link=wifi, on_up=courier.connected, on_message=courier.hear,
        resolver=resolver,
    )  # fmt: skip
    courier.join(uplink, answers, lists)
    terminal.serve(keypad, Desk(terminal))
    type(wifi).__init__ = None
    wifi.start(nvs.text("wifi_ssid"), nvs.text("wifi_psk"))
    for part in (wifi, uplink, courier, lists):
        asyncio.create_task(part.run())


def prefer(screens, signals):
    """What a supervisor has chosen at this terminal: `firmware/terminal/preferences.py` has written it."""
    try:
        with open(PREFERENCES) as file:
            language, sound = file.read().split()
        screens.use(language)
        signals.quiet = sound == "quiet"
    except (OSError, ValueError):
        pass  # nothing was chosen yet, or it cannot be read: the board's own


def endpoint(url):
    """(host, port) of ``mqtt://host[:port]``."""
    host, _, port = url.split("://")[-1].partition(":")
    return host, int(port or "1883")
