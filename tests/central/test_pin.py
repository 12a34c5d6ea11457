"""The supervisor's PIN: set at the centre, proved at each terminal, shown nowhere."""

from __future__ import annotations

import pytest

from central import catalog, demo, directory, settings_message
from central.errors import CentreError
from protocol import pin
from tests.central.conftest import Seeded


def test_each_terminal_gets_a_proof_of_its_own(seeded: Seeded) -> None:
    with seeded.database.write() as connection:
        catalog.set_pin(connection, demo.MERCHANT, "1357", "test")
    with seeded.database.read() as connection:
        held = directory.load(connection)
    terminal = held.terminals[demo.TERMINAL]
    sent = settings_message.body(held, terminal, {})["terminal"]["pin"]
    assert sent == pin.proof(terminal.keys.key, pin.digest(demo.MERCHANT, "1357"))
    assert sent != pin.proof(bytes(32), pin.digest(demo.MERCHANT, "1357"))
    assert "1357" not in repr(terminal)


@pytest.mark.parametrize("text", ["", "123", "1234567890123", "12a4", "١٢٣٤"])
def test_what_is_no_pin_is_refused(seeded: Seeded, text: str) -> None:
    with seeded.database.write() as connection, pytest.raises(CentreError, match="digits"):
        catalog.set_pin(connection, demo.MERCHANT, text, "test")


def test_an_unknown_merchant_is_named(seeded: Seeded) -> None:
    with seeded.database.write() as connection, pytest.raises(CentreError, match="NOBODY"):
        catalog.set_pin(connection, "NOBODY", "1357", "test")
