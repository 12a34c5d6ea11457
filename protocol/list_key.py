"""How a list key travels: AES-128-CBC under a key that only the terminal and the centre have, as hexadecimal text.

The 32 bytes are random and wrapped once for each terminal, so a zero IV gives nothing away; that they arrive unaltered is
proved by the tag of the settings message that carries them.
"""

from binascii import hexlify, unhexlify

from protocol.aes import decrypt_cbc, encrypt_cbc
from protocol.keys import KEY_BYTES, derive

_LABEL = b"list-wrap"
_IV = bytes(16)


class ListKeyError(ValueError):
    """Text that is no wrapped list key."""


def wrap(key, list_key):
    """The 64 hexadecimal digits that carry ``list_key`` (32 bytes) to the terminal whose 32-byte key is ``key``."""
    return hexlify(encrypt_cbc(derive(key, _LABEL)[:16], _IV, list_key)).decode()


def unwrap(key, text):
    """The inverse of `wrap`; `ListKeyError` when ``text`` is not 64 hexadecimal digits."""
    try:
        wrapped = unhexlify(text)
    except (ValueError, TypeError):
        raise ListKeyError("list key is not hexadecimal")
    if len(wrapped) != KEY_BYTES:
        raise ListKeyError("list key of %d bytes" % len(wrapped))
    return decrypt_cbc(derive(key, _LABEL)[:16], _IV, wrapped)


def unwrapped(key, texts):
    """List id → list key, of those that ``key`` unwraps among ``texts`` (by list id as text)."""
    keys = {}
    for name in texts:
        try:
            keys[int(name)] = unwrap(key, texts[name])
        except ValueError:
            pass  # a list without its key says so when it is asked
    return keys
