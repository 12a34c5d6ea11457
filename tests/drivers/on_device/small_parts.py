"""Buzzer, LEDs, clock chip, Wi-Fi and Ethernet."""

from machine import I2C, PWM, Pin
from stepped import Clock

import drivers.buzzer as buzzer
import drivers.lan as lan
import drivers.wifi as wifi
from drivers.clock_chip import ClockChip
from drivers.leds import Leds


def test_latest_pattern_wins():
    clock = Clock()
    buzzer.asyncio = clock
    player = buzzer.Buzzer(25)
    heard = PWM.made[-1].heard
    task = player.run()
    clock.drive(task, 20)
    assert heard == [] and PWM.made[-1].duty == 0
    player.play([(2000, 80), (0, 40), (1000, 80)])
    clock.drive(task, 400)
    assert heard == [2000, 0, 1000, 0], heard
    player.play([(2000, 5000)])
    clock.drive(task, clock.now + 100)
    player.play([(500, 30)])
    before = clock.now
    clock.drive(task, before + 12)
    assert PWM.made[-1].hz == 500
    clock.drive(task, before + 100)
    assert heard == [2000, 0, 1000, 0, 2000, 500, 0], heard
    player.play([])
    clock.drive(task, clock.now + 20)
    assert PWM.made[-1].duty == 0


def test_leds():
    Pin.on_read = Pin.on_write = None
    leds = Leds(18, 19)
    assert Pin.pins[18].level == 0
    leds.green(True)
    leds.red(1)
    assert Pin.pins[18].level == 1 and Pin.pins[19].level == 1
    leds.green(0)
    assert Pin.pins[18].level == 0
    leds = Leds(18, 19, inverted=True)
    assert Pin.pins[19].level == 1
    leds.red(True)
    assert Pin.pins[19].level == 0 and Pin.pins[18].level == 1


def test_clock_chip_keeps_what_it_is_set_to():
    I2C.devices = {0x68: bytearray(19)}
    chip = ClockChip(22, 21)
    for unix in (946_684_800, 951_782_399, 951_782_400, 1_790_812_799, 1_795_276_800, 1_798_761_599, 4_102_444_799):
        I2C.devices[0x68][0x0F] = 0x88
        assert chip.read() is None  # stopped
        assert chip.set(unix)
        assert chip.read() == unix, unix
    # 2026-11-22 01:40:00 UTC, a Sunday, in registers.
    assert chip.set(1_795_311_600)
    assert bytes(I2C.devices[0x68][:7]) == b"\x00\x40\x01\x07\x22\x11\x26", bytes(I2C.devices[0x68][:7])
    for unix in (946_684_799, 4_102_444_800):
        try:
            chip.set(unix)
        except ValueError:
            continue
        raise AssertionError("a year the chip cannot keep was taken")


def test_clock_chip_every_day_of_a_century():
    I2C.devices = {0x68: bytearray(19)}
    chip = ClockChip(22, 21)
    for day in range(10_957, 47_482, 13):
        assert chip.set(day * 86_400 + 7)
        assert chip.read() == day * 86_400 + 7


def test_clock_chip_century_absence_and_nonsense():
    I2C.devices = {0x68: bytearray(b"\x00\x00\x00\x01\x01\x81\x00" + bytes(12))}
    chip = ClockChip(22, 21)
    assert chip.read() == 4_102_444_800  # 2100-01-01
    for register, value in ((0, 0x60), (1, 0x7F), (2, 0x24), (2, 0x41), (4, 0), (4, 0x32), (5, 0), (5, 0x13), (0, 0xFF)):
        I2C.devices[0x68][:7] = b"\x00\x00\x00\x01\x01\x01\x26"
        assert chip.read() is not None
        I2C.devices[0x68][register] = value
        assert chip.read() is None, (register, value)
    I2C.devices = {}
    assert chip.read() is None
    assert chip.set(1_795_311_600) is False


def station():
    clock = Clock()
    wifi.asyncio = clock
    wifi.ticks_ms = clock.ticks_ms
    radio = wifi.Wifi()
    radio.start("shop", "secret")
    return clock, radio, radio._nic, radio.run()


def test_wifi_joins_and_says_where_names_are_asked():
    clock, radio, nic, task = station()
    assert not radio.connected() and radio.rssi() is None
    clock.drive(task, 10)
    assert radio.connected() and radio.rssi() == -61 and radio.dns() == "10.0.0.53"
    assert nic.options == {"reconnects": 0, "pm": 0}
    assert nic.calls == ["active", "connect"]
    clock.drive(task, 10_000)
    assert nic.calls == ["active", "connect"] and radio.cause is None


def test_wifi_parts_and_pauses_before_it_tries_again():
    clock, radio, nic, task = station()
    nic.fate = 202
    clock.drive(task, 400)
    assert nic.calls == ["active", "connect", "disconnect"] and radio.cause == 202
    clock.drive(task, 600_000)
    tries = nic.calls.count("connect")
    assert 10 <= tries <= 24 and nic.calls.count("disconnect") == tries, tries
    nic.fate = 1010
    clock.drive(task, clock.now + 100_000)
    assert radio.connected() and radio.cause is None
    # The signal goes: one second or so later it tries again, not a minute.
    nic.state = 200
    clock.drive(task, clock.now + 2_500)
    assert radio.connected()


def test_wifi_gives_up_on_a_silent_access_point():
    clock, radio, nic, task = station()
    nic.fate = 1001
    clock.drive(task, 14_500)
    assert nic.calls == ["active", "connect"]
    clock.drive(task, 15_600)
    assert nic.calls == ["active", "connect", "disconnect"] and radio.cause == 1001


def test_a_wire_says_how_it_stands():
    clock = Clock()
    lan.asyncio = clock
    wire = lan.Lan(23, 18, 0, 16, 1)
    nic = wire._nic
    pins = [nic.settings[name].number for name in ("mdc", "mdio", "power", "ref_clk")]
    assert pins == [23, 18, 16, 0] and nic.settings["phy_addr"] == 1
    wire.start("name", "key")
    assert nic.is_active and not wire.connected() and wire.rssi() is None
    task = wire.run()
    clock.drive(task, 1000)
    assert wire.cause == 1001
    nic.eth_status = 3  # a cable, and nobody who gives an address
    clock.drive(task, clock.now + 1000)
    assert wire.cause == 1010 and not wire.connected()
    nic.eth_status = 5
    clock.drive(task, clock.now + 1000)
    assert wire.cause == 0 and wire.connected() and wire.dns() == "10.0.0.53" and wire.address() == "10.0.0.5"
    assert lan.Lan(23, 18, 0, None, 1)._nic.settings["power"] is None
