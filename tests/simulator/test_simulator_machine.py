"""Each fake, used by firmware in the real MicroPython."""

from __future__ import annotations


def test_boots_as_stock_micropython_does(bench) -> None:
    said = bench.run(
        """
        import os, sys, time, machine, gc
        print(sys.path[0] == "" and "/lib" in sys.path, "main.py" in os.listdir("/"), __name__, booted)
        print(time.gmtime()[:6], machine.reset_cause() == machine.PWRON_RESET, machine.unique_id().hex())
        gc.collect()
        print(gc.mem_alloc() + gc.mem_free() < 96 * 1024)
        """,
        boot="booted = True",
        mac=b"\x01\x02\x03\x04\x05\x06",
        heap="96K",
    )
    assert said == ["True True __main__ True", "(2000, 1, 1, 0, 0, 0) True 010203040506", "True"]


def test_an_exception_halts_and_is_told(bench) -> None:
    board = bench.put("1 / 0")
    board.power_on()
    ended = board.wait_event("halted", since=0)
    assert ended["status"] == 1
    assert ended["last_line"] == "ZeroDivisionError: divide by zero"


def test_main_does_not_run_after_a_failed_boot(bench) -> None:
    board = bench.put("print('main')", boot="raise ValueError('boot')")
    board.power_on()
    assert board.wait_event("halted", since=0)["status"] == 1
    assert "main\n" not in board.log.read_text()


def test_a_flash_without_file_system_is_said(bench) -> None:
    board = bench.put("")
    board.write_partition("vfs", b"")
    board.power_on()
    assert "littlefs" in board.wait_event("halted", since=0)["last_line"]


SHOW = """
from plain_lcd import PlainLcd
from plain_keys import PlainKeys
from machine import Pin
lcd = PlainLcd()
keys = PlainKeys()
light = Pin(33, Pin.OUT, value=1)
lcd.text(0, "ready")
n = 0
shown = ""
while True:
    for key in keys.pressed():
        n += 1
        shown = (shown + key)[-10:]
        lcd.text(1, "%-10s%5d" % (shown, n))
"""


def test_keys_reach_the_firmware_and_text_the_glass(bench) -> None:
    board = bench.put(SHOW)
    board.power_on()
    board.wait_lcd("ready")
    assert board.leds == {"green": True, "red": False}
    # Long enough that a host which gives MicroPython no time for a while loses none; virtual time has the strict test.
    board.keys("13800138000#", down_ms=150, up_ms=100)
    assert board.wait_lcd("12")[1].startswith("800138000#")
    keys = [event["key"] for event in board.events.since() if "key" in event]
    assert keys == list("13800138000#")


def test_no_press_is_lost_at_thirty_a_second(bench) -> None:
    # In virtual time, so that a busy host does not lose what is counted here.
    board = bench.put(SHOW, virtual=True)
    board.power_on()
    board.wait_lcd("ready")
    board.keys("159#0*ACD2468B37" * 4, down_ms=17, up_ms=17)
    board.wait_lcd(lambda lcd: lcd[1].split()[-1:] == ["64"])


def test_three_keys_of_a_rectangle_read_as_four(bench) -> None:
    board = bench.put(SHOW)
    board.power_on()
    board.wait_lcd("ready")
    for key in "124":
        board.contact(key, True)
    lcd = board.wait_lcd(lambda lcd: lcd[1].split()[-1:] == ["4"])
    assert sorted(lcd[1].split()[0]) == list("1245")


def test_power_cut_loses_everything_but_flash_and_battery(bench) -> None:
    board = bench.put(
        """
        import time, machine
        from plain_lcd import PlainLcd
        lcd = PlainLcd()
        rtc = machine.RTC()
        cause, memory, year = machine.reset_cause(), rtc.memory(), rtc.datetime()[0]
        chip = machine.I2C(0, scl=machine.Pin(22), sda=machine.Pin(21)).readfrom_mem(0x68, 0, 16)
        lcd.text(0, "%d %s %d" % (cause, memory.decode(), year))
        lcd.text(1, "%02x %02x" % (chip[6], chip[15]))
        rtc.memory(b"mem")
        rtc.datetime((2026, 12, 1, 1, 8, 0, 0, 0))
        if cause == machine.PWRON_RESET:
            time.sleep_ms(300)
            machine.reset()
        time.sleep(100)
        """
    )
    board.clock_chip("2026-11-30T23:00:00+08:00")
    board.power_on()
    board.wait_lcd(lambda lcd: lcd[0].startswith("1  2000") and lcd[1].startswith("26 08"))
    board.wait_lcd("2 mem 2026")
    board.power_cut()
    assert board.lcd == [" " * 16] * 2
    assert not board.powered()
    board.clock_chip(None)
    board.power_on()
    board.wait_lcd(lambda lcd: lcd[0].startswith("1  2000") and lcd[1].split()[-1:] == ["88"])


def test_watchdog_resets_a_firmware_that_hangs_but_not_one_that_feeds(bench) -> None:
    board = bench.put(
        """
        import machine, time
        from plain_lcd import PlainLcd
        lcd = PlainLcd()
        lcd.text(0, "cause %d" % machine.reset_cause())
        dog = machine.WDT(timeout=300)
        for _ in range(20):
            dog.feed()
            time.sleep_ms(50)
        lcd.text(0, "hanging")
        while True:
            pass
        """
    )
    board.power_on()
    board.wait_lcd("cause 1")
    board.wait_lcd("hanging")
    board.wait_event("watchdog")
    board.wait_lcd("cause 3")


def test_time_and_rtc_of_the_esp32(bench) -> None:
    said = bench.run(
        """
        import time, machine
        print(time.time() < 5, time.mktime((2026, 12, 1, 0, 0, 0, 0, 0)), time.gmtime(849398400), time.localtime(0)[:3])
        machine.RTC().datetime((2026, 2, 28, 0, 23, 59, 59, 0))
        time.sleep_ms(1100)
        print(machine.RTC().datetime()[:7], time.gmtime()[:6], type(time.time()))
        """
    )
    assert said == [
        "True 849398400 (2026, 12, 1, 0, 0, 0, 1, 335) (2000, 1, 1)",
        "(2026, 3, 1, 6, 0, 0, 0) (2026, 3, 1, 0, 0, 0) <class 'int'>",
    ]


def test_time_passes_for_every_clock_that_was_set(bench) -> None:
    board = bench.put(
        """
        import time, machine
        from plain_lcd import PlainLcd
        lcd = PlainLcd()
        lcd.text(0, "year %d" % time.gmtime()[0])
        machine.RTC().datetime((2026, 11, 22, 6, 8, 0, 0, 0))
        lcd.text(1, "set")
        while time.gmtime()[0] < 2027:
            time.sleep_ms(20)
        lcd.text(0, "year %d" % time.gmtime()[0])
        """
    )
    board.clock("2026-11-22T08:00:00+00:00")
    board.power_on()
    board.wait_lcd("year 2000")
    board.wait_lcd("set")
    board.clock("2027-01-01T00:00:01+00:00")
    board.wait_lcd("year 2027")


def test_buzzer_is_heard(bench) -> None:
    board = bench.put(
        """
        from machine import PWM, Pin
        import time
        tone = PWM(Pin(25), freq=2000, duty_u16=0)
        tone.duty_u16(32768)
        time.sleep_ms(80)
        tone.freq(1000)
        time.sleep_ms(40)
        tone.deinit()
        time.sleep_ms(50)
        """
    )
    board.power_on()
    board.wait_event("halted", since=0)
    beeps = [event["beep"] for event in board.events.since() if "beep" in event]
    assert [hz for hz, _ in beeps] == [2000, 1000]
    assert beeps[0][1] >= 79
    assert beeps[1][1] >= 39
