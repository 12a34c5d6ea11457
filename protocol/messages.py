"""The bodies of messages: strict decoding with size limits, and the tag that proves where a message came from.

A payload is ``body | tag``; the tag is HMAC-SHA256(message key, topic | 0x00 | body)[:16]. Whatever is wrong with a payload
from outside, `MessageError` is all that comes out. ``asyncapi.yaml`` describes the same messages for people.
"""

import json
import struct
import sys
from binascii import hexlify, unhexlify

from protocol.keys import hmac_of, hmac_sha256, same
from protocol.record import CHAIN_BYTES, SLOT_BYTES

TAG_BYTES = 16
MAX_JSON = 4096
MAX_SLOTS = 32
_PIECE_BYTES = 64
_BATCH_HEAD = "<HIB"
_BATCH_HEAD_BYTES = 7 + CHAIN_BYTES
MAX_BATCH = _BATCH_HEAD_BYTES + MAX_SLOTS * SLOT_BYTES

# name -> its fields, each with its kind (integer, string, boolean, dictionary, list) and bounds, but for integers those of its
# length: least 0 and most 2^32 - 1 or 40 characters unless given. Every field is required, others are dropped.
FIELDS = {
    "hello": "session:i version:s board:s epoch:i-65535 sequence:i list:i settings:i boot:i-255",
    "welcome": "session:i time:i epoch:i-65535 received:i chain:s32-32",
    "check": "check:i member:s month:i-209912 sender:b offer:i-65535",
    "verdict": "check:i reason:s tier:i-65535 used:i-65535 limit:i-65535 due:d-8 time:i",
    "receipt": "epoch:i-65535 upto:i chain:s32-32",
    "refused": "epoch:i-65535 upto:i chain:s32-32",
    "status": "online:b waiting:i level:i-100 answered:i offline:i dropped:i forks:i damaged:i",
    "settings": "version:i terminal:d-64 merchant:d-64 offers:l-16 grace_hours:i-744 list_age:d-16 list_keys:d-8 tiers:l-32",
    "list": "list:i kind:s month:i-209912 version:i base:i bytes:i sha256:s64-64 path:s-200",
    "kept": "digest:s32-32",
    "fetch": "list:i version:i offset:i length:i1-2048",
    "day": "day:i20000101-20991231 epoch:i-65535 first:i upto:i cashier:i-255 paid:i returned:i totals:d-96",
    "closed": "day:i20000101-20991231 paid:i returned:i totals:d-96 missing:l-8",
}
# What `json.loads` takes without copying it, where it takes it.
_TEXT = memoryview if sys.implementation.name == "micropython" else bytes
_KINDS = {"i": int, "s": str, "b": bool, "d": dict, "l": list}


class MessageError(ValueError):
    """A payload that is too large, not genuine, or not of the form its name asks for."""


def tagged(key, topic, body):
    """The payload of ``body`` (bytes) for ``topic`` (str); ``key`` is the terminal's message key."""
    return body + _tag(key, topic, body)


def untagged(key, topic, payload):
    """The body of a ``payload``, a view of it; `MessageError` unless it was tagged with ``key`` for this very ``topic``."""
    if not TAG_BYTES <= len(payload) <= MAX_JSON + TAG_BYTES:
        raise MessageError("payload of %d bytes" % len(payload))
    payload = memoryview(payload)  # a terminal has no room for a second one
    body = payload[:-TAG_BYTES]
    if not same(_tag(key, topic, body), bytes(payload[-TAG_BYTES:])):
        raise MessageError("tag does not match")
    return body


def read(key, topic, name, file):
    """The fields of the message ``name`` in ``file``, where its tag stands before its body; raises as `untagged` and `decode`.

    In pieces: a terminal's heap seldom has a kilobyte in one.
    """
    tag = file.read(TAG_BYTES)
    if not same(hmac_of(key, _pieces(topic, file))[:TAG_BYTES], tag):
        raise MessageError("tag does not match")
    file.seek(TAG_BYTES)
    return _decoded(name, json.load, file)


def _pieces(topic, file):
    yield topic.encode() + b"\x00"
    for _ in range(MAX_JSON // _PIECE_BYTES):
        yield file.read(_PIECE_BYTES)


def _tag(key, topic, body):
    return hmac_sha256(key, topic.encode(), b"\x00", body)[:TAG_BYTES]


def encode(name, **fields):
    """The JSON body of message ``name``; `MessageError` when a field is missing, unknown or out of range, or all is too long."""
    body = json.dumps(_checked(name, fields), separators=(",", ":")).encode()
    if len(body) > MAX_JSON:
        raise MessageError("%s of %d bytes" % (name, len(body)))
    return body


def decode(name, body):
    """The fields (dict) of a JSON ``body``; `MessageError` for whatever is not exactly a ``name``."""
    if len(body) > MAX_JSON:
        raise MessageError("%s of %d bytes" % (name, len(body)))
    return _decoded(name, json.loads, _TEXT(body))


def _decoded(name, load, source):
    try:
        fields = load(source)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        raise MessageError("%s is not JSON" % name)
    if not isinstance(fields, dict):
        raise MessageError("%s is not an object" % name)
    return _checked(name, fields)


def fields_of(name):
    """(field, type, least, most) of each field of message ``name``; but for integers and booleans bounds are of its length."""
    for text in FIELDS[name].split():
        field, _, form = text.partition(":")
        least, _, most = form[1:].partition("-")
        yield field, _KINDS[form[0]], int(least or 0), int(most or (40 if form[0] == "s" else 0xFFFFFFFF))


def _checked(name, fields):
    result = {}
    for field, kind, least, most in fields_of(name):
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
