"""What the centre makes of messages, without a broker: origin, unknown terminals, faults of its own, and anything at all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from central import demo, registry
from central.checks import Checks, Reader
from central.dispatch import Dispatch
from central.ingest import Batch
from central.quarantine import Oddity
from protocol import fault, messages, topics
from protocol.messages import encode, tagged
from tests.central.chains import journal
from tests.central.conftest import Seeded

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HELLO = {"session": 5, "version": "1", "board": "b", "epoch": 1, "sequence": 0, "list": 7, "settings": 8, "boot": 3}
CHECK = {"check": 1, "member": "13800138000", "month": 202611, "sender": True, "offer": 1}


class Desk:
    """A dispatch whose every output is kept in a list."""

    def __init__(self, seeded: Seeded) -> None:
        self.key = seeded.terminal.keys.message
        self.reader = Reader(seeded.database)
        self.sent: list[tuple[str, bytes]] = []
        self.batches: list[Batch] = []
        self.odd: list[Oddity] = []
        self.closes: list[dict[str, Any]] = []
        self.hellos: list[dict[str, Any]] = []
        self.dispatch = Dispatch(
            Checks(self.reader),
            lambda _, name, body: self.sent.append((name, body)),
            self.batches.append,
            self._set_aside,
            self._ask,
            lambda _, fields: self.hellos.append(fields),
            lambda *_: None,
            lambda _, fields: self.closes.append(fields),
        )
        self.dispatch.directory = seeded.directory

    def _set_aside(self, oddity: Oddity, done: Callable[[], None] | None) -> None:
        self.odd.append(oddity)
        if done:
            done()

    @staticmethod
    def _ask(read: Callable[[], Any], then: Callable[[Any], None]) -> None:
        then(read())

    def hear(self, name: str, body: bytes, terminal: str = demo.TERMINAL, retained: bool = False) -> None:
        """A genuine message."""
        topic = topics.up(terminal, name)
        self.dispatch.hear(topic, tagged(self.key, topic, body), retained)


@pytest.fixture
def desk(seeded: Seeded) -> Any:
    """A dispatch over demo data."""
    made = Desk(seeded)
    yield made
    made.reader.close()


def test_sightings(desk: Desk, seeded: Seeded) -> None:
    desk.hear("hello", encode("hello", **HELLO))
    seen = desk.dispatch.sightings[demo.TERMINAL]
    assert (seen["firmware"], seen["list_held"], seen["settings_held"], seen["reset_cause"]) == ("1", 7, 8, 3)
    assert desk.hellos == [HELLO]
    with seeded.database.write() as connection:
        assert registry.listing(connection)[0]["last_reset"] is None
        registry.seen(connection, desk.dispatch.sightings)
        assert registry.listing(connection)[0]["last_reset"] == "watchdog"
    status = {field: 3 for field, *_ in messages.fields_of("status")} | {"online": True}
    desk.dispatch.sightings.clear()
    desk.hear("status", encode("status", **status), retained=True)
    assert "last_seen" not in desk.dispatch.sightings[demo.TERMINAL], "what a broker retained says nothing of the present"
    desk.hear("status", encode("status", **status))
    assert desk.dispatch.sightings[demo.TERMINAL]["last_seen"] and not desk.odd
    desk.dispatch.hear(topics.up(demo.TERMINAL, "status"), b"", True)
    assert not desk.odd, "a retained status that was cleared is no oddity"


def test_a_terminal_registered_a_moment_ago(desk: Desk, seeded: Seeded) -> None:
    known = desk.dispatch.directory
    desk.dispatch.directory = type(known)(0, {}, {}, {}, {})
    desk.hear("hello", encode("hello", **HELLO))
    assert not desk.odd and not desk.hellos and desk.dispatch.stranger.is_set()
    desk.dispatch.directory = known
    desk.dispatch.look_again()
    assert desk.hellos == [HELLO]
    desk.hear("hello", encode("hello", **HELLO), terminal="T9999")
    desk.dispatch.look_again()
    assert [(odd.reason, odd.terminal) for odd in desk.odd] == [("unknown terminal", None)]


def test_a_fault_of_ours_is_set_aside_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.dispatch._checks, "answer", broken)
    desk.hear("check", encode("check", **CHECK))
    assert [(odd.reason, odd.terminal) for odd in desk.odd] == [("fault: ZeroDivisionError", demo.TERMINAL)]
    desk.hear("hello", encode("hello", **HELLO))
    assert desk.hellos


def test_what_a_terminal_set_aside_is_kept_under_its_topic(desk: Desk) -> None:
    content = bytes(range(100))
    desk.hear("fault", fault.encode("settings", "tag does not match", 4112, content))
    desk.hear("fault", fault.encode(fault.CRASH, "MemoryError", 12, b"MemoryError:"))
    assert [(odd.source, odd.reason, odd.content, odd.length, odd.terminal) for odd in desk.odd] == [
        (topics.down(demo.TERMINAL, "settings"), "tag does not match", content, 4112, demo.TERMINAL),
        (topics.up(demo.TERMINAL, "fault"), "MemoryError", b"MemoryError:", 12, demo.TERMINAL),
    ]
    assert [(name, messages.decode("kept", body)["digest"]) for name, body in desk.sent] == [
        ("kept", fault.digest(content)), ("kept", fault.digest(b"MemoryError:")),
    ]  # fmt: skip


def test_what_goes_down_is_not_listened_to(desk: Desk) -> None:
    for topic in ("", "x", "cheyou/1/T0001/down/receipt", "cheyou/1/T0001/up/nonsense", "cheyou/2/T0001/up/hello", "/" * 60_000):
        desk.dispatch.hear(topic, b"x" * 40, False)
    assert {odd.reason for odd in desk.odd} == {"unknown topic"} and all(len(odd.source) <= 80 for odd in desk.odd)


def test_anything_at_all(desk: Desk, seeded: Seeded) -> None:
    """20,000 mutations of genuine bodies, with a true tag: each is taken, answered or set aside; nothing escapes."""
    draw = random.Random(20261122)
    made = journal(seeded.key, 5)
    body = made.batch()
    assert body
    status = {field: 3 for field, *_ in messages.fields_of("status")} | {"online": True}
    fetch = {"list": 1, "version": 1, "offset": 0, "length": 1}
    genuine = [
        ("hello", encode("hello", **HELLO)),
        ("check", encode("check", **CHECK)),
        ("records", body),
        ("refusals", body),
        ("status", encode("status", **status)),
        ("fetch", encode("fetch", **fetch)),
        ("fault", fault.encode("settings", "tag does not match", 300, bytes(range(256)))),
    ]
    for _ in range(20_000):
        name, content = draw.choice(genuine)
        mutated = bytearray(content)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(mutated) + 1)
            match draw.randrange(4):
                case 0:
                    mutated[at : at + 1] = bytes([draw.randrange(256)])
                case 1:
                    del mutated[at : at + draw.randrange(1, 30)]
                case 2:
                    mutated[at:at] = draw.randbytes(draw.randrange(1, 30))
                case 3:
                    mutated[at:at] = draw.choice([b'"', b"[" * 50, b"1e999", b"null", b"-1", b"\xff", b"99999999999999999999"])
        desk.hear(name, bytes(mutated))
    assert not [odd for odd in desk.odd if odd.reason.startswith("fault")]
    assert desk.batches and desk.sent and desk.odd


def test_a_day_is_closed_when_it_is_one(desk: Desk) -> None:
    day = {"day": 20261122, "epoch": 1, "first": 1, "upto": 2, "cashier": 0, "paid": 0, "returned": 0, "totals": {"1/2": [2, 0]}}
    desk.hear("day", messages.encode("day", **day))
    assert desk.closes == [day]
    for wrong in ({"day": 20261131}, {"totals": {"1": [2, 0]}}, {"totals": {"1/2": [2, -1]}}, {"cashier": 256}):
        desk.hear("day", json.dumps(day | wrong).encode())
    assert len(desk.closes) == 1 and len(desk.odd) == 4
