"""The models by themselves: flash, key matrix, page, clock chip, name and time servers."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path

import pytest

from simulator import dns, ntp, page
from simulator.ds3231 import Ds3231
from simulator.fakes_build import SOURCES
from simulator.flash import NorFlash, PowerFailed, torn
from simulator.key_matrix import BOUNCE_MS, KeyMatrix
from simulator.page import Page
from simulator.timeline import VirtualTime
from simulator.world_clock import WorldClock


@pytest.fixture
def flash(tmp_path: Path) -> NorFlash:
    return NorFlash(tmp_path / "flash.bin", 65536, b"")


def test_flash_programs_only_clear_bits_and_erases_set_them(flash: NorFlash) -> None:
    assert flash.program(100, b"\x0f\xff") == pytest.approx(0.0007)
    flash.program(100, b"\xf1\x55")
    assert flash.read(100, 2) == b"\x01\x55"
    assert flash.erase(0, 8192) == pytest.approx(0.09)
    assert flash.read(0, 8192) == b"\xff" * 8192
    assert flash.erases == {0: 1, 1: 1}
    assert flash.operations == {"program": 2, "erase": 2}
    assert flash.program(250, b"\0" * 10) == pytest.approx(0.0014)  # two pages


def test_flash_refuses_what_the_chip_cannot_do(flash: NorFlash) -> None:
    with pytest.raises(ValueError, match="whole sectors"):
        flash.erase(100)
    with pytest.raises(ValueError, match="outside"):
        flash.program(65530, b"1234567")


@pytest.mark.parametrize(("how", "left"), [(None, b"\xff" * 8), ("half", b"\0" * 4 + b"\xff" * 4)])
def test_flash_cut_at_an_operation(flash: NorFlash, how, left: bytes) -> None:
    flash.cut_at(2, how)
    flash.program(0, b"\0")
    with pytest.raises(PowerFailed):
        flash.program(8, b"\0" * 8)
    assert flash.read(0, 1) == b"\0"
    assert flash.read(8, 8) == left
    flash.program(8, b"\0" * 8)  # the power is back


@pytest.mark.parametrize(("how", "changed"), [("one_bit", 1), ("all_but_one", 15)])
def test_torn_operations_change_so_many_bits(how, changed: int) -> None:
    old, new = b"\xff\xff", b"\0\0"
    left = torn(old, new, how, random.Random(1))
    assert sum((a ^ b).bit_count() for a, b in zip(old, left, strict=True)) == changed
    assert torn(new, new, how, random.Random(1)) == new


@pytest.fixture
def shared(tmp_path: Path):
    page = Page(tmp_path)
    yield page
    page.close()


def joined(shared: Page, a: int, b: int) -> bool:
    return bool(shared[page.JOINED + a] & shared[page.LINE + b])


def test_a_key_joins_its_row_and_column_and_three_make_a_ghost(shared: Page) -> None:
    matrix = KeyMatrix(shared, (13, 14), (36, 39), ("12", "45"), pulled_up=True)
    matrix.set("1", True)
    assert joined(shared, 13, 36)
    assert not joined(shared, 13, 39)
    matrix.set("2", True)
    matrix.set("4", True)
    assert joined(shared, 14, 39), "the fourth corner of the rectangle"
    for key in "124":
        matrix.set(key, False)
    assert not any(joined(shared, row, column) for row in (13, 14) for column in (36, 39))


def test_contacts_bounce_briefly_and_settle(shared: Page) -> None:
    matrix = KeyMatrix(shared, (13,), (36,), ("1",), pulled_up=True)
    bounces = 0
    for closed in (True, False) * 100:
        edges = matrix.bounce(closed)
        assert edges[0] == (0.0, closed)
        assert edges[-1][1] is closed
        assert all(ms <= BOUNCE_MS for ms, _ in edges)
        bounces += len(edges) > 1
    assert bounces > 50


def test_fakes_and_host_name_the_same_words_of_the_page() -> None:
    names = {
        "WRITE": page.WRITE, "READ": page.READ, "BELL": page.BELL, "LINK": page.LINK, "RTC_S": page.RTC_S,
        "RTC_MS": page.RTC_MS, "WDT_FED": page.WDT_FED, "RESET_CAUSE": page.RESET_CAUSE, "LOW": page.LOW,
        "HIGH": page.HIGH, "FIGHT": page.FIGHT, "MEMORY_LENGTH": page.MEMORY_LENGTH, "UNIQUE_ID": page.UNIQUE_ID,
        "JOINED": page.JOINED, "LINE": page.LINE, "LEVEL": page.LEVEL, "STATE": page.STATE, "MEMORY": page.MEMORY,
        "RING": page.RING, "RING_MASK": page.RING_MASK, "BUDGET": page.BUDGET, "NOW_US": page.NOW_US,
        "NOW_MS": page.NOW_MS, "NOW_PART": page.NOW_PART,
    }  # fmt: skip
    found = set()
    for path in SOURCES.rglob("*.py"):
        for name, number in re.findall(r"^_(\w+) = const\((\d+)\)", path.read_text(), re.MULTILINE):
            if name in names:
                assert int(number) == names[name], f"{path.name}: _{name}"
                found.add(name)
    assert found == set(names)


def test_pin_events_keep_their_time_across_the_wrap_of_the_ticks(shared: Page) -> None:
    now = 5 * page.TICKS + 10
    for number, us in enumerate((now - 40, now + 3)):
        shared[page.RING + 2 * number] = us % page.TICKS
        shared[page.RING + 2 * number + 1] = 33 << 20 | 1
    shared[page.WRITE] = 4
    assert [event.us for event in shared.take_events(now)] == [now - 40, now + 3]
    assert list(shared.take_events(now)) == []


def test_clock_chip_keeps_time_and_tells_when_it_was_never_set(shared: Page) -> None:
    clock = WorldClock(shared, VirtualTime(shared))
    chip = Ds3231(clock)
    assert chip.read(0x0F, 1)[0] & 0x80
    chip.write(0, bytes.fromhex("56 34 12 03 31 12 26"))  # 2026-12-31 12:34:56
    chip.write(0x0E, b"\x1c\x00")
    assert chip.read(0, 7) == bytes.fromhex("56 34 12 04 31 12 26")  # a Thursday: the chip's model counts Monday as 1
    clock.set_world(clock.now() + 86_400)
    assert chip.read(4, 3) == bytes.fromhex("01 01 27")
    clock.set_world_alone(clock.now() + 10 * 86_400)
    assert chip.read(4, 3) == bytes.fromhex("01 01 27")
    clock.set_chip(None)
    assert chip.read(0x0F, 1)[0] & 0x80


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0" + struct.pack(">2H", kind, 1)


def test_name_server_packets() -> None:
    asked = dns.question(query("broker.test"))
    assert asked is not None
    assert asked.name == "broker.test"
    assert dns.answer(asked, "127.0.0.1").endswith(bytes((0, 4, 127, 0, 0, 1)))
    assert dns.answer(asked, None)[3] & 15 == 3
    ipv6 = dns.question(query("broker.test", 28))
    assert ipv6 is not None
    assert dns.answer(ipv6, None)[3] & 15 == 0
    for length in range(len(query("broker.test"))):
        assert dns.question(query("broker.test")[:length]) is None
    assert dns.is_time_server("cn.pool.ntp.org")
    assert dns.is_time_server("ntp.aliyun.com")
    assert not dns.is_time_server("broker.test")


def test_time_server_echoes_the_question_and_tells_the_time() -> None:
    packet = bytes([0x1B]) + bytes(39) + b"12345678"
    answered = ntp.answer(packet, 1_800_000_000.5)
    assert answered is not None
    assert len(answered) == 48
    assert answered[0] & 7 == 4
    assert answered[24:32] == b"12345678"
    assert struct.unpack(">II", answered[40:]) == (1_800_000_000 + 2_208_988_800, 1 << 31)
    assert ntp.answer(packet[:40], 0) is None
