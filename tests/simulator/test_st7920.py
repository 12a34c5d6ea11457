"""The ST7920's model at its pins."""

from __future__ import annotations

from simulator.st7920 import St7920


class Host:
    """Drives the pins as a program would, with time enough for everything unless told otherwise."""

    def __init__(self) -> None:
        self.model = St7920()
        self.us = 50_000

    def nibble(self, bits: int, rs: int = 0) -> None:
        self.model.pin(self.us, "rs", rs)
        for n in range(4):
            self.model.pin(self.us, f"d{4 + n}", bits >> n & 1)
        self.model.pin(self.us, "en", 1)
        self.model.pin(self.us, "en", 0)

    def send(self, byte: int, rs: int = 0, after_us: int = 100) -> None:
        self.nibble(byte >> 4, rs)
        self.nibble(byte, rs)
        self.us += after_us

    def text(self, data: bytes) -> None:
        for byte in data:
            self.send(byte, 1)

    def start(self) -> St7920:
        for nibble in (3, 3, 3, 2):
            self.nibble(nibble)
            self.us += 5000
        for byte in (0x20, 0x0C, 0x01, 0x06):
            self.send(byte, after_us=2000)
        return self.model


def test_four_rows_are_where_the_data_sheet_has_them() -> None:
    host = Host()
    model = host.start()
    for address, text in ((0x80, "第一行"), (0x90, "row 2"), (0x88, "第三行abc"), (0x98, "4")):
        host.send(address)
        host.text(text.encode("gb2312").ljust(16))
    assert model.glass() == ["第一行          ", "row 2           ", "第三行abc       ", "4               "]
    assert model.misuses == []


def test_text_runs_on_from_the_first_row_into_the_third() -> None:
    host = Host()
    model = host.start()
    host.send(0x80)
    host.text(b"0123456789abcdefGHIJ")
    assert model.glass()[2].startswith("GHIJ")


def test_nothing_shows_until_the_display_is_on_and_power_clears_it() -> None:
    host = Host()
    model = host.start()
    host.text(b"AB")
    host.send(0x08)
    assert model.glass() == [" " * 16] * 4
    host.send(0x0C)
    assert model.glass()[0].startswith("AB")
    model.power_on(host.us)
    assert model.glass() == [" " * 16] * 4 and not model.lit


def test_clear_home_entry_mode_and_shift() -> None:
    host = Host()
    model = host.start()
    host.text(b"abcd")
    host.send(0x02)
    host.text(b"AB")
    assert model.glass()[0].startswith("ABcd")
    host.send(0x14)
    host.text(b"ef")
    assert model.glass()[0].startswith("ABcdef")
    host.send(0x10)
    host.send(0x04)
    host.text(b"EF")
    assert model.cursor_cell() is None
    host.send(0x0E)
    assert model.cursor_cell() == (0, 1)
    host.send(0x01, after_us=2000)
    assert model.glass() == [" " * 16] * 4


def test_misuse_is_noted() -> None:
    host = Host()
    model = host.start()
    host.send(0x80, after_us=10)
    host.text(b"A")
    host.send(0x90)
    host.send(0x24)
    host.send(0x80)
    host.send(0x20)
    host.send(0x18)
    said = " / ".join(model.misuses)
    assert "62 µs too early" in said and "after half a word" in said
    assert "extended instruction 0x80" in said and "display shift 0x18" in said


def test_every_half_of_a_restart_finds_the_interface() -> None:
    for stray in range(3):
        host = Host()
        host.start()
        for _ in range(stray):
            host.nibble(5)
            host.us += 5000
        model = host.start()
        host.text(b"ok")
        assert model.glass()[0].startswith("ok")
