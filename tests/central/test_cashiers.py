"""Cashiers: taken on and let go at the centre, proved at each terminal, shown nowhere."""

from __future__ import annotations

import io

import pytest

from central import cashiers, catalog, demo, directory, settings_message
from central.errors import CentreError
from protocol import cashiers as on_terminal
from protocol import messages, pin
from tests.central.conftest import Seeded
from tests.central.test_commands import Typed, shop, typed

_FIXTURES = shop, typed


def hire(seeded: Seeded, pins: dict[int, str], merchant: str = demo.MERCHANT) -> None:
    with seeded.database.write() as connection:
        for number, text in pins.items():
            cashiers.set_pin(connection, merchant, number, text, "test")


def told(seeded: Seeded) -> dict[str, object]:
    """What the terminal's settings say of itself."""
    with seeded.database.read() as connection:
        held = directory.load(connection)
    fields: dict[str, object] = settings_message.body(held, held.terminals[demo.TERMINAL], {})["terminal"]
    return fields


def test_without_cashiers_the_settings_say_nothing_of_them(seeded: Seeded) -> None:
    assert "cashiers" not in told(seeded)
    hire(seeded, {3: "1357"})
    assert "cashiers" in told(seeded)
    with seeded.database.write() as connection:
        cashiers.remove(connection, demo.MERCHANT, 3, "test")
    assert "cashiers" not in told(seeded)


def test_each_terminal_gets_proofs_of_its_own(seeded: Seeded) -> None:
    hire(seeded, {12: "2468", 3: "1357"})
    text = told(seeded)["cashiers"]
    key = seeded.terminal.keys.key
    assert list(on_terminal.numbers(text)) == [3, 12]
    for number, keyed in ((3, "1357"), (12, "2468")):
        digest = pin.digest(demo.MERCHANT, keyed)
        assert on_terminal.whose(text, pin.proof(key, digest)) == number
        assert on_terminal.whose(text, pin.proof(bytes(32), digest)) == 0
        assert keyed not in repr(seeded.terminal)
    hire(seeded, {3: "9753"})
    assert on_terminal.whose(told(seeded)["cashiers"], pin.proof(key, pin.digest(demo.MERCHANT, "1357"))) == 0


@pytest.mark.parametrize(
    ("number", "text", "words"),
    [(0, "1111", "from 1 to 255"), (256, "1111", "from 1 to 255"), (4, "111", "digits"), (4, "12a4", "digits"),
     (4, "1357", "somebody"), (4, demo.PIN, "somebody")],
)  # fmt: skip
def test_what_cannot_be_is_refused(seeded: Seeded, number: int, text: str, words: str) -> None:
    hire(seeded, {3: "1357"})
    with pytest.raises(CentreError, match=words):
        hire(seeded, {number: text})
    hire(seeded, {3: "1357"})  # one's own, once more
    with seeded.database.write() as connection, pytest.raises(CentreError, match="somebody"):
        catalog.set_pin(connection, demo.MERCHANT, "1357", "test")
    with seeded.database.write() as connection, pytest.raises(CentreError, match="no cashier 9"):
        cashiers.remove(connection, demo.MERCHANT, 9, "test")
    with pytest.raises(CentreError, match="NOBODY"):
        hire(seeded, {1: "1111"}, "NOBODY")


def test_another_merchants_cashier_may_have_the_same(seeded: Seeded) -> None:
    with seeded.database.write() as connection:
        catalog.put_merchant(connection, "OTHER", {"en": "Other"}, "wash")
    hire(seeded, {3: "1357"})
    hire(seeded, {3: "1357"}, "OTHER")
    digests = (pin.digest(merchant, "1357") for merchant in (demo.MERCHANT, "OTHER"))
    assert len(set(digests)) == 2


def test_sixteen_and_no_more_fit_the_settings_beside_the_offers(seeded: Seeded) -> None:
    hire(seeded, {number: str(1000 + number) for number in range(240, 256)})
    with pytest.raises(CentreError, match="16 cashiers already"):
        hire(seeded, {1: "1111"})
    with seeded.database.read() as connection:
        held = directory.load(connection)
    fields = settings_message.body(held, held.terminals[demo.TERMINAL], {})
    assert len(messages.encode("settings", version=1, **fields)) < messages.MAX_JSON
    long = demo.OFFER | {"id": 2, "label": {"en": "x", "zh": "洗" * 420}}
    with seeded.database.write() as connection, pytest.raises(catalog.CatalogError, match="too much text"):
        catalog.put_offer(connection, demo.MERCHANT, long)
    with seeded.database.write() as connection:
        for number in range(240, 256):
            cashiers.remove(connection, demo.MERCHANT, number, "test")
        catalog.put_offer(connection, demo.MERCHANT, long)
    with pytest.raises(CentreError, match="no room"):
        hire(seeded, {number: str(1000 + number) for number in range(1, 17)})


def test_the_commands(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    def keyed(text: str, *line: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))
        return typed(*line)

    assert keyed("1357", "cashiers pin DEMO 3") == 0 and keyed("1357", "cashiers pin DEMO 4") == 1
    assert "somebody at DEMO has this PIN; choose another" in typed.err and "1357" not in typed.err + typed.out
    assert keyed("1111", "cashiers pin DEMO 0") == 2
    assert [(row["merchant"], row["cashier"]) for row in typed.json("cashiers list --merchant DEMO")] == [("DEMO", 3)]
    assert typed.json("cashiers list --merchant M2") == []
    assert typed.json("audit log")[0]["action"] == "cashier.pin" and "1357" not in typed.out
    assert typed("cashiers remove DEMO 3") == 0 and typed.json("cashiers list") == []
    assert typed("cashiers remove DEMO 3") == 1
