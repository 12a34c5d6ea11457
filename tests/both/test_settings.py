"""The settings on flash: kept whole or not at all; a file system that takes nothing is no reason to stop."""

import json
import os

from firmware.terminal import settings
from firmware.terminal.settings import Settings
from protocol import cashiers, messages, topics

KEY = bytes(range(32))
TOPIC = topics.down("T0001", "settings")


OFFER = {"id": 1, "version": 1, "label": {"en": "Wash"}, "category": "wash", "discount": {"vip": {"percent": 20}}}


def payload(version, grace=0, offers=(), **terminal):
    body = {
        "version": version, "terminal": terminal, "merchant": {"id": "M"}, "offers": list(offers), "grace_hours": grace,
        "list_age": {}, "list_keys": {}, "tiers": [],
    }  # fmt: skip
    return messages.tagged(KEY, TOPIC, json.dumps(body).encode())


class Folder:
    """An empty folder of its own."""

    name = "settings.test"

    def __enter__(self):
        os.mkdir(self.name)
        return self.name

    def __exit__(self, *_):
        for file in os.listdir(self.name):
            os.remove(self.name + "/" + file)
        os.rmdir(self.name)


def test_kept_settings_are_there_after_a_restart():
    with Folder() as folder:
        held = Settings(folder, KEY, TOPIC)
        assert not held.keep()
        assert held.receive(payload(5, 3)) and held.grace_hours == 3
        assert not held.receive(payload(5, 4)) and not held.receive(payload(4, 4)), "not news"
        assert Settings(folder, KEY, TOPIC).version == 0, "they count at once and are kept when there is time"
        assert held.keep() and not held.keep()
        assert Settings(folder, KEY, TOPIC).grace_hours == 3


def test_cashiers_stay_on_flash_but_for_their_numbers():
    proofs = {3: "00112233445566aa", 12: "00112233445566bb"}
    with Folder() as folder:
        held = Settings(folder, KEY, TOPIC)
        held.receive(payload(5, cashiers=cashiers.text_of(proofs)))
        held.keep()
        held = Settings(folder, KEY, TOPIC)
        assert list(held.cashiers) == [3, 12]
        assert held.cashier_of(proofs[12]) == 12 and held.cashier_of("00112233445566cc") == 0
        for wrong in ("03", "0000112233445566aa", None):
            try:
                held.receive(payload(6, cashiers=wrong))
                raise AssertionError(wrong)
            except messages.MessageError:
                pass
        assert held.version == 5 and list(held.cashiers) == [3, 12]
        assert held.receive(payload(6)) and not held.cashiers


def test_damaged_settings_are_told_and_replaced_by_the_same_version():
    with Folder() as folder:
        held = Settings(folder, KEY, TOPIC)
        held.receive(payload(5, 3))
        held.keep()
        with open(folder + "/settings", "r+b") as file:
            file.seek(10)
            file.write(b"\x00")
        assert Settings(folder, KEY, TOPIC).damaged
        held.catalogue()
        assert held.damaged, "found while it was at work"
        assert held.receive(payload(5, 3)) and held.keep() and not held.damaged
        assert not Settings(folder, KEY, TOPIC).damaged


def test_genuine_settings_that_were_refused_serve_nobody():
    proofs = {3: "00112233445566aa"}
    for version, offer, damaged in ((5, {"id": 2}, True), (0, OFFER, False), (5, OFFER, False)):
        content = payload(version, offers=[OFFER, offer], cashiers=cashiers.text_of(proofs))
        with Folder() as folder:
            with open(folder + "/settings", "wb") as file:
                file.write(content[-messages.TAG_BYTES :] + content[: -messages.TAG_BYTES])
            held = Settings(folder, KEY, TOPIC)
            taken = version and not damaged
            assert bool(held.version) == bool(taken)
            assert len(held.catalogue().offers) == (2 if taken else 0)
            assert held.cashier_of(proofs[3]) == (3 if taken else None)
            assert held.damaged == damaged, "a customer in between changes nothing"


def test_a_file_system_that_takes_nothing():
    with Folder() as folder:
        held = Settings(folder + "/gone", KEY, TOPIC)
        held.receive(payload(5, 3))
        tries = sum(held.keep() for _ in range(2 * settings._REST))
        assert 1 <= tries <= 3, "not an erase a second for ever"
        assert held.grace_hours == 3 and not held.catalogue().offers
        os.mkdir(folder + "/gone")
        try:
            while not held.keep():
                pass
            assert Settings(folder + "/gone", KEY, TOPIC).grace_hours == 3
        finally:
            os.remove(folder + "/gone/settings")
            os.rmdir(folder + "/gone")
