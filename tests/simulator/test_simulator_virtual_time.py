"""Virtual time: minutes pass in milliseconds, and a run can be repeated exactly."""

from __future__ import annotations

import time

import pytest

CLOCK = """
import asyncio, time
from plain_lcd import PlainLcd
from plain_keys import PlainKeys
lcd = PlainLcd()
keys = PlainKeys()
pressed = ""
async def count():
    while True:
        lcd.text(0, "%6d s" % (time.ticks_ms() // 1000))
        await asyncio.sleep(1)
async def scan():
    global pressed
    while True:
        await asyncio.sleep_ms(1)
        for key in keys.pressed():
            pressed += key
            lcd.text(1, "%s %d" % (pressed[-8:], time.ticks_ms()))
async def main():
    await asyncio.gather(count(), scan())
asyncio.run(main())
"""


def test_minutes_pass_in_seconds(bench) -> None:
    board = bench.put(CLOCK, virtual=True)
    board.power_on()
    started = time.monotonic()
    board.wait_lcd("120 s", timeout=125)
    assert time.monotonic() - started < 40
    assert not board.run(0.5, until=lambda: "122 s" in board.lcd[0])
    assert board.run(2, until=lambda: "122 s" in board.lcd[0])


def test_a_run_repeats_exactly(bench) -> None:
    def run() -> list[dict]:
        board = bench.put(CLOCK, virtual=True, seed=7)
        board.power_on()
        board.wait_lcd("0 s")
        board.keys("138#")
        board.hold("D", 700)
        board.run(3)
        return [{**event, "t_ms": round(event["t_ms"], 1)} for event in board.events.since()]

    first = run()
    assert [e["key"] for e in first if "key" in e] == list("138#D")
    assert first == run()


def test_time_stands_still_between_the_calls(bench) -> None:
    board = bench.put(CLOCK, virtual=True)
    board.power_on()
    board.run(2.5)
    shown, position = board.lcd, board.events.position
    time.sleep(0.3)
    assert board.lcd == shown
    assert board.events.position == position


def test_the_watchdog_the_flash_and_the_radio_count_in_it(bench) -> None:
    board = bench.put(
        """
        import machine, time, network
        from esp32 import Partition
        from plain_lcd import PlainLcd
        lcd = PlainLcd()
        wlan = network.WLAN(network.STA_IF)
        wlan.active(True)
        wlan.connect("a", "b")
        t = time.ticks_ms()
        Partition("journal").ioctl(6, 0)
        lcd.text(0, "%d %d" % (machine.reset_cause(), time.ticks_diff(time.ticks_ms(), t)))
        machine.WDT(timeout=60000)
        time.sleep(59)
        lcd.text(1, "joined" if wlan.isconnected() else "alone")
        time.sleep(100)
        """,
        virtual=True,
        fast=False,
    )
    board.power_on()
    board.wait_lcd("1 45")
    board.wait_lcd("joined", timeout=70)
    board.wait_lcd("3 45", timeout=10)


def test_time_runs_on_when_the_firmware_has_ended_or_the_power_is_off(bench) -> None:
    board = bench.put("", virtual=True)
    board.power_on()
    board.wait_event("halted", since=0)
    assert not board.run(100)
    board.power_cut()
    board.keys("1")
    assert board.events.since()[-1]["key"] == "1"
    assert 100_000 <= board.events.since()[-1]["t_ms"] < 101_000


def test_asyncio_keeps_its_promises_there(bench) -> None:
    board = bench.put(
        """
        import asyncio
        from plain_lcd import PlainLcd
        lcd = PlainLcd()
        said = []
        async def nap(ms, name):
            try:
                await asyncio.sleep_ms(ms)
                said.append(name)
                return name
            except asyncio.CancelledError:
                said.append("-" + name)
                raise
        async def main():
            event = asyncio.Event()
            async def waiter():
                await event.wait()
                said.append("e")
            slow, fast, waits = (asyncio.create_task(c) for c in (nap(5000, "s"), nap(50, "f"), waiter()))
            said.append(await fast)
            slow.cancel()
            try:
                await slow
            except asyncio.CancelledError:
                said.append("c")
            event.set()
            await waits
            try:
                await asyncio.wait_for_ms(nap(1000, "t"), 10)
            except asyncio.TimeoutError:
                said.append("T")
            print(await asyncio.gather(nap(3, "x"), nap(1, "y")), slow.done())
        asyncio.run(main())
        lcd.text(0, "".join(said))
        """,
        virtual=True,
    )
    board.power_on()
    board.wait_event("halted", since=0)
    assert board.run(0.1) is False
    assert board.lcd[0].strip() == "ff-sce-tTyx"
    assert "['x', 'y'] True" in board.log.read_text()


def test_run_is_for_virtual_time_only(bench) -> None:
    with pytest.raises(RuntimeError, match="real time"):
        bench.put("").run(1)
