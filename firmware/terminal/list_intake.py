"""One offered list is taken in: what of it is missing, which way it comes, what if that breaks off. Loaded for the occasion."""

import asyncio
from binascii import b2a_base64

from firmware.terminal import overlay
from firmware.terminal.list_cache import STORES
from protocol.keys import derive
from protocol.messages import hex_of
from protocol.month import month_of

_UPDATE = "firmware.terminal.list_update"
_HTTP = "firmware.terminal.http_range"


async def take(cache, offer):
    """Take ``offer`` in for ``cache`` (`ListCache`), or put it back among its offers, to go on another time."""
    now = cache.clock.now()
    month = now and month_of(now)
    wanted = _missing(cache, offer, month)
    if wanted is None:
        # The old list stays; the centre offers again when the terminal next says hello.
        cache.refused += 1
    elif wanted == ():
        cache.confirmed[offer["list"]] = now
    elif wanted:
        # One after the other, for all of it together would be more than the heap has.
        line = await _by_http(cache, offer, *wanted)
        await overlay.bring(*STORES)
        try:
            done = await _transfer(cache, offer, month, line and (line,) + wanted)
        except OSError:
            done = False
        finally:
            overlay.drop(_UPDATE, *STORES)
            if line:
                line[0].close()
        if done:
            cache.confirmed[offer["list"]] = now
        elif done is None:
            cache.refused += 1
        elif cache.is_busy or line:
            cache.offers.insert(0, offer)  # it goes on when the customer has gone, or with another connection


def _missing(cache, offer, month):
    """(offset, length) of what is to be fetched, () when nothing is new, None when the offer is of no use, False when there
    is nothing to do. Here and in `_transfer`, not where it is awaited: what a coroutine holds stays there after its end."""
    lists = cache.stores()
    try:
        if offer is None:
            lists.look_again()
            return False
        if month is None:
            return False
        return overlay.load(_UPDATE).missing(lists, offer, month) if lists.is_news(offer, month) else ()
    finally:
        overlay.drop(_UPDATE, *STORES)


def _transfer(cache, offer, month, by_http):
    update = overlay.load(_UPDATE)
    pages = update.Pages(*by_http) if by_http else None
    return update.Transfer(cache, pages).take(cache.stores(), month, offer)


async def _by_http(cache, offer, offset, length):
    """What `http_range.begin` gives, None where that does not work."""
    resolver, address, user = cache.http
    if not address:
        return None
    try:
        password = hex_of(derive(cache.key, b"http"))
        # RFC 7617.
        authorization = "Basic " + b2a_base64((user + ":" + password).encode()).decode().strip()
        return await overlay.load(_HTTP).begin(resolver, address + offer["path"], authorization, offset, length)
    except (Exception, asyncio.TimeoutError):
        return None
    finally:
        overlay.drop(_HTTP, "firmware.terminal.dial", "requests")
