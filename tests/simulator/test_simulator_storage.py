"""Flash and NVS through esp32.Partition and esp32.NVS in the real MicroPython."""

from __future__ import annotations

import time


def test_partitions_behave_like_nor_flash(bench) -> None:
    said = bench.run(
        """
        from esp32 import Partition
        import micropython
        print([p.info()[4] for p in Partition.find(Partition.TYPE_DATA)][:2], Partition.find(Partition.TYPE_APP)[0].info()[:2])
        part = Partition("journal")
        print(part.info()[3] == part.ioctl(4, 0) * part.ioctl(5, 0))
        buf = bytearray(b"\\x0f" * 64)
        part.writeblocks(3, buf, 128)
        part.writeblocks(3, b"\\xf3" * 64, 128)
        micropython.heap_lock()
        part.readblocks(3, buf, 128)
        part.writeblocks(3, buf, 0)
        micropython.heap_unlock()
        print(buf[0], part.ioctl(6, 3))
        part.readblocks(3, buf, 128)
        print(buf[0])
        block = bytearray(4096)
        part.writeblocks(0, block)
        part.writeblocks(0, b"\\xff" * 4096)
        part.readblocks(0, block)
        print(block == b"\\xff" * 4096)
        for wrong in (lambda: part.readblocks(160, buf), lambda: part.ioctl(6, -1), lambda: Partition("nothing")):
            try:
                wrong()
            except OSError as e:
                print(e.errno)
        """
    )
    assert said == ["['nvs', 'phy_init'] (0, 0)", "True", "3 0", "255", "True", "-258", "-258", "2"]


def test_flash_takes_its_time(bench) -> None:
    said = bench.run(
        """
        from esp32 import Partition
        import time
        part = Partition("journal")
        t = time.ticks_us()
        part.ioctl(6, 0)
        erase = time.ticks_diff(time.ticks_us(), t)
        t = time.ticks_us()
        part.writeblocks(0, bytes(1024), 0)
        print(erase, time.ticks_diff(time.ticks_us(), t))
        """,
        fast=False,
    )
    erase, program = map(int, said[0].split())
    # No upper bound: a busy host may be late, never early.
    assert erase >= 45_000
    assert 2_800 <= program < erase


def test_nvs_keeps_values_over_a_power_cut(bench) -> None:
    board = bench.put(
        """
        import esp32
        from plain_lcd import PlainLcd
        lcd = PlainLcd()
        nvs = esp32.NVS("cheyou")
        buf = bytearray(40)
        try:
            lcd.text(0, "%d %s" % (nvs.get_i32("epoch"), bytes(buf[:nvs.get_blob("id", buf)]).decode()))
        except OSError as e:
            lcd.text(0, "new %d" % e.errno)
        nvs.set_i32("epoch", -3)
        nvs.set_blob("id", b"T-17")
        nvs.commit()
        try:
            nvs.get_blob("id", bytearray(2))
        except OSError as e:
            lcd.text(1, "short %d" % e.errno)
        """
    )
    board.power_on()
    board.wait_lcd("new -4354")
    board.wait_lcd("short -4364")
    board.power_cut()
    board.power_on()
    board.wait_lcd("-3 T-17")


def test_power_fails_at_the_flash_operation_asked_for(bench) -> None:
    board = bench.put(
        """
        from esp32 import Partition
        from plain_lcd import PlainLcd
        lcd = PlainLcd()
        part = Partition("journal")
        for n in range(50):
            part.writeblocks(0, bytes([n]) * 8, n * 64)
        lcd.text(0, "all")
        """
    )
    board.power_cut_after_flash_ops(10, "half")
    board.power_on()
    deadline = time.monotonic() + 5
    while board.powered() and time.monotonic() < deadline:
        time.sleep(0.01)
    journal = board.partition("journal")
    assert journal[8 * 64 : 8 * 64 + 8] == bytes([8]) * 8
    assert journal[9 * 64 : 9 * 64 + 8] == bytes([9]) * 4 + b"\xff" * 4
    assert journal[10 * 64] == 0xFF
    board.power_on()
    board.wait_lcd("all")
