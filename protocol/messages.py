"""The bodies of messages: strict decoding with size limits, and the tag that proves where a message came from.

A payload is ``body | tag``; the tag is HMAC-SHA256(message key, topic | 0x00 | body)[:16]. Whatever is wrong with a payload
from outside, `MessageError` is all that comes out. ``asyncapi.yaml`` describes the same messages for people.
"""

import json
import struct
from binascii import hexlify, unhexlify

from protocol.keys import hmac_sha256, same
from protocol.record import CHAIN_BYTES, SLOT_BYTES

TAG_BYTES = 16
MAX_JSON = 4096
MAX_SLOTS = 32
_BATCH_HEAD = "<HIB"
_BATCH_HEAD_BYTES = 7 + CHAIN_BYTES
MAX_BATCH = _BATCH_HEAD_BYTES + MAX_SLOTS * SLOT_BYTES

_U16 = (int, 0, 0xFFFF)
_U32 = (int, 0, 0xFFFFFFFF)
_TEXT = (str, 0, 40)
_MONTH = (int, 0, 209912)
_CHAIN = (str, 32, 32)
_POSITION = {"epoch": _U16, "upto": _U32, "chain": _CHAIN}

# name -> field -> (type, least, most); for text the bounds are of its length. Every field is required, others are dropped.
FIELDS = {
    "hello": {"version": _TEXT, "board": _TEXT, "epoch": _U16, "sequence": _U32, "list": _U32, "settings": _U32, "boot": _U32},
    "welcome": {"time": _U32, "epoch": _U16, "received": _U32, "chain": _CHAIN},
    "check": {"check": _U32, "member": _TEXT, "month": _MONTH, "sender": (bool, 0, 1), "offer": _U16},
    "verdict": {"check": _U32, "reason": _TEXT, "tier": _U16, "used": _U16, "time": _U32},
    "receipt": _POSITION,
    "refused": _POSITION,
    "status": {"online": (bool, 0, 1), "waiting": _U32, "level": (int, 0, 100), "answered": _U32, "offline": _U32,
               "dropped": _U32, "forks": _U32, "damaged": _U32},
    "settings": {"version": _U32, "terminal": (dict, 0, 64), "merchant": (dict, 0, 64), "offers": (list, 0, 16),
                 "grace_hours": (int, 0, 744), "list_age": (dict, 0, 16), "list_keys": (dict, 0, 8), "tiers": (list, 0, 32)},
    "list": {"list": _U32, "kind": _TEXT, "month": _MONTH, "version": _U32, "base": _U32, "bytes": _U32, "sha256": (str, 64, 64),
             "path": (str, 0, 200)},
    "fetch": {"list": _U32, "version": _U32, "offset": _U32, "length": (int, 1, 2048)},
}  # fmt: skip


class MessageError(ValueError):
    """A payload that is too large, not genuine, or not of the form its name asks for."""


def tagged(key, topic, body):
    """The payload of ``body`` (bytes) for ``topic`` (str); ``key`` is the terminal's message key."""
    return body + _tag(key, topic, body)


def untagged(key, topic, payload):
    """The body of a ``payload``; `MessageError` unless it was tagged with ``key`` for this very ``topic``."""
    if not TAG_BYTES <= len(payload) <= MAX_JSON + TAG_BYTES:
        raise MessageError("payload of %d bytes" % len(payload))
    body = bytes(payload[:-TAG_BYTES])
    if not same(_tag(key, topic, body), payload[-TAG_BYTES:]):
        raise MessageError("tag does not match")
    return body


def _tag(key, topic, body):
    return hmac_sha256(key, topic.encode(), b"\x00", body)[:TAG_BYTES]


def encode(name, **fields):
    """The JSON body of message ``name``; `MessageError` when a field is missing, unknown or out of range, or all is too long."""
    body = json.dumps(_checked(FIELDS[name], fields)).encode()
    if len(body) > MAX_JSON:
        raise MessageError("%s of %d bytes" % (name, len(body)))
    return body


def decode(name, body):
    """The fields (dict) of a JSON ``body``; `MessageError` for whatever is not exactly a ``name``."""
    if len(body) > MAX_JSON:
        raise MessageError("%s of %d bytes" % (name, len(body)))
    try:
        fields = json.loads(body)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        raise MessageError("%s is not JSON" % name)
    if not isinstance(fields, dict):
        raise MessageError("%s is not an object" % name)
    return _checked(FIELDS[name], fields)


def _checked(schema, fields):
    result = {}
    for field in schema:
        kind, least, most = schema[field]
        value = fields.get(field)
        if type(value) is not kind:
            raise MessageError("%s: %s expected" % (field, kind.__name__))
        if not least <= (value if kind is int or kind is bool else len(value)) <= most:
            raise MessageError("%s: not in %d..%d" % (field, least, most))
        result[field] = value
    return result


def encode_batch(epoch, first, chain, slots):
    """The body of ``records`` or ``refusals``: up to `MAX_SLOTS` slots from sequence ``first``, after ``chain`` (16 bytes)."""
    return struct.pack(_BATCH_HEAD, epoch, first, len(slots)) + chain + b"".join(slots)


def decode_batch(body):
    """(epoch, first sequence, chain before, [slots]) of a batch; `MessageError` when its length does not fit its count."""
    if len(body) < _BATCH_HEAD_BYTES:
        raise MessageError("batch of %d bytes" % len(body))
    epoch, first, count = struct.unpack_from(_BATCH_HEAD, body)
    if not 1 <= count <= MAX_SLOTS or not first or len(body) != _BATCH_HEAD_BYTES + count * SLOT_BYTES:
        raise MessageError("batch of %d records in %d bytes" % (count, len(body)))
    slots = [bytes(body[at : at + SLOT_BYTES]) for at in range(_BATCH_HEAD_BYTES, len(body), SLOT_BYTES)]
    return epoch, first, bytes(body[7:_BATCH_HEAD_BYTES]), slots


def hex_of(chain):
    """Bytes as hexadecimal text."""
    return hexlify(chain).decode()


def bytes_of(text):
    """The bytes of hexadecimal text; `MessageError` when it is none."""
    try:
        return unhexlify(text)
    except ValueError:
        raise MessageError("not hexadecimal")
