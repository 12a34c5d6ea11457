"""Mashed keys and poisoned messages: a clear refusal or a quarantine entry; nothing dies and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from host_tools.stand import screens
from protocol import messages, topics
from protocol.keys import derive
from tests.end_to_end.conftest import Counter
from tests.end_to_end.intruder import Intruder
from tests.end_to_end.shop import STRANGER, VIP, Shop, until

Open = Callable[..., Counter]
MEGABYTE = bytes(1_000_000)


def test_keys_mashed_at_fifty_a_second(shop: Shop, counter: Open) -> None:
    at = counter()
    keys = random.Random(2).choices(sorted(at.bench.key_names), k=200)
    at.bench.keys("".join(keys), down_ms=10, up_ms=10)
    # Half a chord of three, where a matrix without diodes shows a fourth key.
    for key in "125":
        at.bench.contact(key, True)
    at.bench.keys("9", 60, 60)
    for key in "125":
        at.bench.contact(key, False)
    _back_to_idle(at)
    assert at.cashier.check(VIP).reason == "valid"
    at.cashier.redeem()
    # Whatever the mashing was refused for, it is not among the redemptions.
    shop.wait_records(at.terminal, 1)


def _back_to_idle(at: Counter) -> None:
    for _ in range(20):
        if screens.fits(screens.SCREENS["idle"], at.bench.lcd):
            return
        at.bench.keys("*", 80, 80)
    raise AssertionError(f"no way back from {at.bench.lcd}")


def _as_centre(shop: Shop) -> Intruder:
    return Intruder(shop.centre.mqtt_port, shop.centre_user, shop.centre_password)


def _as_terminal(shop: Shop, terminal: str, key: bytes) -> Intruder:
    return Intruder(shop.centre.mqtt_port, terminal, derive(key, b"mqtt").hex())


def _poison(key: bytes, topic: str, body: bytes, other: bytes) -> list[bytes]:
    """What is not a message of that topic: cut short, forged, another terminal's, not JSON, of wrong types, too long."""
    genuine: bytes = messages.tagged(key, topic, body)
    return [
        genuine[:-1],
        genuine[:20],
        b"\0" * 40,
        messages.tagged(other, topic, body),
        messages.tagged(key, topic + "x", body),
        messages.tagged(key, topic, b"[" * 200),
        messages.tagged(key, topic, b'{"check":"1","epoch":-1,"time":null,"version":[],"list":{}}'),
        messages.tagged(key, topic, b"\xff\xfe not JSON"),
        messages.tagged(key, topic, bytes(9000)),
    ]


UP = ("check", "hello", "records", "refusals", "status", "fetch")


def test_poison_from_a_terminal_is_quarantined(shop: Shop, counter: Open) -> None:
    terminal, raw = shop.enrol()
    _, other_raw = shop.enrol()
    key, other_key = derive(raw, b"message"), derive(other_raw, b"message")
    body = messages.encode("check", check=1, member=VIP, month=202612, sender=True, offer=1)
    with _as_terminal(shop, terminal, raw) as intruder:
        for topic in (topics.up(terminal, name) for name in UP):
            poison = _poison(key, topic, body, other_key)
            for payload in poison:
                intruder.post(topic, payload)
            assert all(row.reason and row.bytes for row in _held(shop, topic, len(poison)))
        # A megabyte does not even get past the broker.
        intruder.provoke(topics.up(terminal, "check"), MEGABYTE)
    at = counter()
    assert at.cashier.check(VIP).reason == "valid"
    assert not shop.records(terminal)


def test_speaking_for_another_terminal(shop: Shop) -> None:
    victim, key = shop.enrol()
    other, raw = shop.enrol()
    topic, own = topics.up(victim, "check"), topics.up(other, "check")
    body = messages.encode("check", check=1, member=VIP, month=202612, sender=True, offer=1)
    with _as_terminal(shop, other, raw) as intruder:
        intruder.post(topic, messages.tagged(derive(key, b"message"), topic, body))
        intruder.post(own, b"what comes after it has come")
        _held(shop, own, 1)
    # The broker's access list has kept it away: neither answered nor even quarantined.
    assert not shop.quarantine(topic)
    with pytest.raises(ConnectionError), _as_terminal(shop, victim, raw) as intruder:
        intruder.post(topic, b"x")


DOWN = ("welcome", "verdict", "receipt", "refused", "settings", "list", "chunk", "nonsense")


def test_poison_for_a_terminal_is_dropped_and_counted(shop: Shop, counter: Open) -> None:
    at = counter()
    at.cashier.wait_list()
    key, other_key = shop.message_key(at.terminal), derive(bytes(32), b"message")
    body = messages.encode("verdict", check=1, reason="valid", tier=2, used=0, limit=0, due={}, time=1)
    names = [topics.down(at.terminal, name) for name in DOWN]
    with _as_centre(shop) as intruder:
        for topic in names:
            for payload in _poison(key, topic, body, other_key):
                intruder.post(topic, payload)
        assert at.cashier.check(VIP).reason == "valid"
        assert at.cashier.redeem() == 1
        shop.wait_records(at.terminal, 1)
        at.cashier.leave()
        for topic in names:
            intruder.provoke(topic, MEGABYTE)
    assert at.cashier.check(STRANGER).reason == "not_member"
    at.cashier.leave()
    # Nine each, less what is longer than any message: that is read and forgotten. A chunk may hold any bytes.
    _wait_status(shop, at, lambda status: status["dropped"] >= 8 * len(DOWN) - 3)


def test_receipt_for_what_was_never_written_releases_nothing(shop: Shop, counter: Open) -> None:
    at = counter()
    assert at.cashier.check(VIP).reason == "valid"
    shop.centre.kill()
    try:
        at.cashier.redeem()
        if shop.broker:
            topic = topics.down(at.terminal, "receipt")
            key = shop.message_key(at.terminal)
            lies = [messages.encode("receipt", epoch=1, upto=upto, chain="00" * 16) for upto in (1, 2)]
            with _as_centre(shop) as intruder:
                for lie in lies:
                    intruder.post(topic, messages.tagged(key, topic, lie))
        at.cashier.leave()
        assert at.cashier.page(0)[1].rstrip() == "Waiting 1"
    finally:
        shop.centre.start()
    at.cashier.wait_received(30)
    shop.wait_records(at.terminal, 1)
    _wait_status(shop, at, lambda status: status["forks"] == (2 if shop.broker else 0))


def _held(shop: Shop, topic: str, count: int) -> list[Any]:
    """Wait until that many messages of a topic lie in quarantine."""

    def look() -> list[Any] | None:
        held = shop.quarantine(topic)
        return held if len(held) >= count else None

    return until(look, 10, lambda: shop.quarantine(topic))


def _wait_status(shop: Shop, at: Counter, wanted: Callable[[dict[str, int]], bool]) -> None:
    """Wait for what the terminal says of itself; it does so whenever it connects."""
    at.bench.cut_connections()
    until(lambda: wanted(shop.status(at.terminal)) or None, 20, lambda: shop.status(at.terminal))
