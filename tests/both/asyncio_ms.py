"""Gives CPython's asyncio what MicroPython's has beside it."""

import asyncio

if not hasattr(asyncio, "sleep_ms"):

    def sleep_ms(ms):
        return asyncio.sleep(ms / 1000)

    def wait_for_ms(work, ms):
        return asyncio.wait_for(work, ms / 1000)

    asyncio.sleep_ms = sleep_ms
    asyncio.wait_for_ms = wait_for_ms
