"""An update that a customer interrupts."""

import asyncio

import asyncio_ms  # noqa: F401 - for CPython

from firmware.terminal import list_update
from firmware.terminal.list_update import Transfer


class Cache:
    """Stands for the `ListCache`: a customer comes after so many looks."""

    def __init__(self, looks):
        self.looks = looks

    @property
    def is_busy(self):
        self.looks -= 1
        return self.looks < 0


def what_comes(looks, step, ms):
    cache = Cache(looks)
    list_update._LOOK_MS = 5
    return asyncio.run(Transfer(cache, None).within(step, ms)), cache.looks


def test_a_customer_ends_what_an_update_waits_for():
    begun = []

    async def never():
        begun.append(1)
        await asyncio.sleep_ms(10_000)

    assert what_comes(3, never, 10_000) == (None, -1)
    assert len(begun) == 3
    assert what_comes(0, never, 10_000) == (None, -1) and len(begun) == 3, "nothing is begun in a customer's time"


def test_without_one_it_takes_what_comes_and_waits_no_longer_than_it_may():
    async def something():
        await asyncio.sleep_ms(1)
        return 7

    async def never():
        await asyncio.sleep_ms(10_000)

    assert what_comes(9, something, 50)[0] == 7
    assert what_comes(99, never, 15) == (None, 96)
