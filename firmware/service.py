"""The other composition root: what a technician's tool starts over the console, in place of the terminal.

The tool interrupts the terminal, makes a soft reset from the raw REPL (boot.py runs, main.py does not) and calls one of these.
Each prints its findings, one JSON object a line; afterwards the tool resets the board.
"""

import asyncio
import json
import os
import time

import board

from drivers.buzzer import Buzzer
from drivers.chip import mac, reset_cause
from drivers.clock_chip import ClockChip
from drivers.display import Display
from drivers.keypad import Keypad
from drivers.leds import Leds
from drivers.nvs import Nvs
from drivers.partitions import partition
from drivers.watchdog import arm
from firmware.peripherals import glass, link
from firmware.terminal import overlay
from firmware.terminal.clock import Clock
from firmware.terminal.courier import Courier
from firmware.terminal.files import SETTINGS
from firmware.terminal.journal import Journal
from firmware.terminal.refusals import Refusals
from firmware.terminal.self_test import ALONE, GUIDED, ONLINE, WIFI, WIRE, SelfTest, mac_text
from firmware.terminal.settings import Settings
from firmware.terminal.uplink import Uplink
from protocol import topics
from protocol.keys import derive
from protocol.messages import hex_of
from protocol.record import Sealer


class Parts:
    """A place to put the parts of a test."""


def say(found):
    """One finding, for the tool."""
    print(json.dumps(found))


def self_test(now, names=None):
    """Run the self-test; ``now`` is the tool's clock (Unix seconds), ``names`` the steps [all of them]."""
    say({"board": board.NAME, "version": board.VERSION, "mac": mac_text(mac())})
    parts = Parts()
    parts.now = now
    parts.display = Display(glass())
    parts.keypad = Keypad(board.KEYPAD_ROWS, board.KEYPAD_COLUMNS, board.KEYPAD_LAYOUT)
    parts.layout = board.KEYPAD_LAYOUT
    parts.buzzer = Buzzer(board.BUZZER)
    parts.leds = Leds(board.LED_GREEN, board.LED_RED)
    parts.chip = ClockChip(board.I2C_SCL, board.I2C_SDA, board.I2C_HZ)
    parts.spare = partition("list_b")
    parts.folder = SETTINGS
    try:
        os.mkdir(SETTINGS)
    except OSError:
        pass  # it is there
    nvs = Nvs("cheyou")
    online = (WIRE if board.ETHERNET else WIFI,) + ONLINE
    steps = names or GUIDED + ALONE + online
    tasks = [parts.display.run(), parts.keypad.run(), parts.buzzer.run(), _feed(arm())]
    if nvs.text("id"):
        say({"terminal": nvs.text("id")})
        if [name for name in steps if name in online]:
            tasks += connect(parts, nvs)
    else:
        steps = [name for name in steps if name not in online]
    asyncio.run(_run(SelfTest(parts, say), steps, tasks))


def connect(parts, nvs):
    """Give ``parts`` all it takes to talk to the centre; the tasks that do it."""
    name, key = nvs.text("id"), nvs.blob("key")

    parts.wifi = wifi = link()
    parts.journal = journal = Journal(partition("journal"), Sealer(key), nvs.next_epoch)
    refusals = Refusals(partition("refusals"), Sealer(key, b"refusal"), nvs.next_epoch)
    parts.clock = clock = Clock(time, parts.chip, board.BUILT)
    parts.settings = settings = Settings(SETTINGS, derive(key, b"message"), topics.down(name, "settings"))
    parts.courier = courier = Courier(time, name, key, journal, refusals, settings, clock)
    courier.facts = lambda message: _facts(message, journal, settings)
    host, _, port = nvs.text("mqtt_url").split("://")[-1].partition(":")
    parts.uplink = uplink = Uplink(
        host, int(port or "1883"), client_id="%s.%d" % (name, journal.epoch), user=name,
        password=hex_of(derive(key, b"mqtt")), will=courier.will(), subscribe=topics.down(name, "+"), link=wifi,
        on_up=courier.connected, on_message=courier.hear,
    )  # fmt: skip
    courier.join(uplink, _Nobody(), _Nobody())
    parts.wake = courier.wake
    wifi.start(nvs.text("wifi_ssid"), nvs.text("wifi_psk"))
    return [wifi.run(), uplink.run(), courier.run()]


class _Nobody:
    """Stands where checks and lists would be: the test takes neither verdicts nor lists."""

    def hear(self, *_message):
        pass

    hear_offer = hear_chunk = keys_changed = hear


def _facts(message, journal, settings):
    if message == "hello":
        return {
            "version": board.VERSION, "board": board.NAME, "epoch": journal.epoch, "sequence": journal.sequence, "list": 0,
            "settings": settings.version, "boot": reset_cause(),
        }  # fmt: skip
    return {
        "online": True, "waiting": journal.waiting, "level": journal.level, "answered": 0, "offline": 0, "dropped": 0, "forks": 0,
        "damaged": journal.damaged,
    }  # fmt: skip


def diagnose(seconds=20):
    """Say how the terminal is: the code of the service menu, and what it was made of. Waits up to ``seconds`` for the broker."""
    say({"board": board.NAME, "version": board.VERSION, "mac": mac_text(mac())})
    nvs = Nvs("cheyou")
    if not nvs.text("id"):
        say({"end": False, "provisioned": False})
        return
    parts = Parts()
    parts.chip = ClockChip(board.I2C_SCL, board.I2C_SDA, board.I2C_HZ)
    tasks = [_feed(arm())] + connect(parts, nvs)
    asyncio.run(_look(parts, nvs.text("id"), seconds, tasks))


async def _look(parts, name, seconds, tasks):
    for task in tasks:
        asyncio.create_task(task)
    while seconds > 0 and not parts.uplink.connected:
        await asyncio.sleep(1)
        seconds -= 1
    await asyncio.sleep(1)  # the centre's answer sets the clock
    journal = parts.journal
    code = overlay.load("firmware.terminal.health").code(
        parts.wifi, parts.uplink, parts.clock, None, parts.settings, journal, parts.courier.forks, reset_cause(),
        board.VERSION,
    )  # fmt: skip
    say({"waiting": journal.waiting, "level": journal.level, "epoch": journal.epoch, "sequence": journal.sequence})
    say({"rssi": parts.wifi.rssi(), "uplink": parts.uplink.state, "fault": parts.uplink.fault, "terminal": name, "code": code})
    say({"end": True})


async def _run(test, steps, tasks):
    for task in tasks:
        asyncio.create_task(task)
    await test.run(steps)
    await asyncio.sleep_ms(300)  # the glass shows the result


async def _feed(watchdog):
    while True:
        watchdog.feed()
        await asyncio.sleep(1)
