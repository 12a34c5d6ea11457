"""Throws broken bytes at every decoder of what comes from outside: only the documented error type may come out.

Runs on both interpreters: `run(count, seed)`. A failure names decoder, seed and bytes, which is all that replaying needs.
"""

import json

from firmware.terminal import dns_message, ntp_message, sector, settings_rules
from firmware.terminal.aside import masked
from firmware.terminal.catalogue import Catalogue
from firmware.terminal.menu import parse_date
from firmware.terminal.settings import Settings
from protocol import diagnosis, fault, list_header, list_key, messages, record, topics
from protocol.day import are_totals
from protocol.list_header import ListError
from protocol.list_key import ListKeyError
from protocol.messages import MessageError
from protocol.offer_rules import OfferError, checked
from protocol.record import Record, RecordError, Sealer

KEY = bytes(range(32))
TOPIC = topics.down("T0001", "settings")
OFFER = {
    "id": 1, "label": {"en": "Wash", "zh": "洗车"}, "category": "wash", "discount": {"vip": {"percent": 20}},
    "limit": {"count": 1, "per": "day"}, "ask_amount": False, "online_only": False,
}  # fmt: skip
CHAIN = "00112233445566778899aabbccddeeff"
MESSAGES = {
    "hello": {"session": 7, "version": "0", "board": "b", "epoch": 1, "sequence": 5, "list": 3, "settings": 2, "boot": 1},
    "welcome": {"session": 7, "time": 1796000000, "epoch": 1, "received": 5, "chain": CHAIN},
    "check": {"check": 1, "member": "13800138000", "month": 202612, "sender": True, "offer": 1},
    "verdict": {"check": 1, "reason": "valid", "tier": 2, "used": 0, "time": 1796000000},
    "receipt": {"epoch": 1, "upto": 5, "chain": CHAIN},
    "refused": {"epoch": 1, "upto": 5, "chain": CHAIN},
    "list": {"list": 1, "kind": "base", "month": 202612, "version": 2, "base": 0, "bytes": 9, "sha256": CHAIN * 2, "path": "/l"},
    "kept": {"digest": CHAIN},
    "status": {
        "online": True, "waiting": 0, "level": 3, "answered": 20, "offline": 1, "dropped": 0, "forks": 0, "damaged": 0,
    },
    "day": {
        "day": 20261210, "epoch": 1, "first": 3, "upto": 9, "cashier": 0, "paid": 8000, "returned": 0, "totals": {"1/2": [5, 1]},
    },
    "closed": {"day": 20261210, "paid": 8000, "returned": 0, "totals": {"1/2": [5, 1]}, "missing": [[4, 5]]},
    "fetch": {"list": 1, "version": 2, "offset": 0, "length": 1024},
    "settings": {
        "version": 2, "terminal": {"suspended": False, "cashiers": "0300112233445566778899aabbccddeeff00"},
        "merchant": {"id": "M", "name": "Wash"}, "offers": [OFFER],
        "grace_hours": 0,
        "list_age": {"refuse_hours": 168}, "list_keys": {"202612": CHAIN * 2},
        "tiers": [{"code": 2, "name": "vip", "label": {"en": "VIP"}}],
    },
}  # fmt: skip
SEALER = Sealer(KEY)
GENESIS = SEALER.genesis(1)
RECORD = Record(1, 1, 1, 1796000000, 1, 1, 202612, 13800138000, 2, 1, 1, 3, 0, 0, 0, 0, 0, 0)
SLOT = SEALER.seal(RECORD, GENESIS)
CODE = diagnosis.code("ok", "ok", "centre", "ok", "empty", "ok", "0.1.0", "none").encode()
QUERY = dns_message.query("broker.example", 4660)
ANSWER = (
    bytes([0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
    + QUERY[12:]
    + b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x01"
)
# What a JSON value is replaced by: of another type, out of range, too long, too deep.
ODD = (
    "null",
    "-1",
    "1e9",
    "4294967296",
    "true",
    '""',
    "[]",
    "{}",
    '{"a":[1]}',
    "[" * 40,
    '"' + "x" * 300 + '"',
    '"\\ud800"',
    "99999999999999999999",
)


class Random:
    """The same numbers on both interpreters (xorshift32, Marsaglia 2003)."""

    def __init__(self, seed):
        self._state = seed & 0xFFFFFFFF or 1

    def below(self, limit):
        x = self._state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._state = x
        return x % limit


def _text(data):
    return "".join([chr(byte) for byte in data])


def _settings(body):
    if not Settings("/nowhere", KEY, TOPIC).receive_body(body):
        return
    # What was accepted has to be usable too.
    catalogue = Catalogue(messages.decode("settings", body))
    for offer in catalogue.offers:
        for tier in offer.discount:
            offer.price(12345, tier)
    for tier in (0, 1, 2, 3):
        catalogue.tier_name(tier)
    assert settings_rules.cashier_of(messages.decode("settings", body), "no proof") == 0


def _totals(data):
    totals = json.loads(data)
    return type(totals) is dict and are_totals(totals)


def _header():
    header = bytearray(256)
    header[:4] = list_header.MAGIC
    header[4] = list_header.FORMAT
    return bytes(header)


def _list_header(data):
    # Its size was checked when it was read; with a good MAC, all that is left to be wrong is what it says.
    if len(data) >= list_header.LEAST_BYTES:
        head = data[: -list_header.HASH_BYTES]
        list_header.parse(head + list_header.header_mac(KEY, head), KEY)


def _decoders():
    """(name, samples, what to call, errors that may come out)."""
    bodies = {name: json.dumps(MESSAGES[name]).encode() for name in MESSAGES}
    tagged = [messages.tagged(KEY, TOPIC, body) for body in bodies.values()]
    found = [
        ("untagged", tagged, lambda data: messages.untagged(KEY, TOPIC, data), MessageError),
        ("batch", [messages.encode_batch(1, 1, GENESIS, [SLOT] * n) for n in (1, 3)], messages.decode_batch, MessageError),
        ("fault", [fault.encode("settings", "tag does not match", 70, bytes(range(70)))], fault.decode, MessageError),
        ("failure's text", [b"Traceback (most recent call last):\nKeyError: 13800138000\n"], masked, ()),
        ("help desk code", [b"0000 0000 0001", CODE], lambda data: diagnosis.facts_of(_text(data)), diagnosis.CodeError),
        ("bytes_of", [CHAIN.encode()], lambda data: messages.bytes_of(_text(data)), MessageError),
        ("record", [record.encode(RECORD)], record.decode, RecordError),
        ("slot", [SLOT], lambda data: SEALER.open(data, GENESIS), RecordError),
        ("peek", [SLOT], SEALER.peek, RecordError),
        ("topic", [TOPIC.encode(), topics.up("T0001", "check").encode()], lambda data: topics.parse(_text(data)), ()),
        ("settings", [bodies["settings"]], _settings, (MessageError, OfferError)),
        ("offer", [json.dumps(OFFER).encode()], lambda data: checked(json.loads(data)), (OfferError, ValueError, RuntimeError)),
        ("totals of a day", [b'{"1/2": [5, 1]}'], _totals, (ValueError, RuntimeError)),
        ("list header", [_header()], _list_header, ListError),
        ("list key", [(CHAIN * 2).encode()], lambda data: list_key.unwrap(KEY, _text(data)), ListKeyError),
        ("sector", [sector.encode(1, 160, 1, 1, 1, 1, GENESIS[:4], GENESIS)],
         lambda data: len(data) >= 64 and sector.decode(data), ()),
        ("name answer", [ANSWER], lambda data: dns_message.address(data, QUERY), OSError),
        ("time answer", [b"\x24\x02" + bytes(22) + b"12345678" + bytes(8) + b"\xee\x00\x00\x00" + bytes(4)],
         lambda data: ntp_message.answer_time(data, b"12345678"), ()),
        ("date", [b"202612011432"], lambda data: parse_date("".join([c for c in _text(data) if "0" <= c <= "9"])), ()),
    ]  # fmt: skip
    for name in bodies:
        found.append(("message " + name, [bodies[name]], lambda data, name=name: messages.decode(name, data), MessageError))
    return found


DECODERS = _decoders()


def mutated(random, samples):
    """One of ``samples``, broken in one to four ways."""
    data = bytearray(samples[random.below(len(samples))])
    for _ in range(1 + random.below(4)):
        at = random.below(len(data) + 1)
        way = random.below(9)
        if way == 0:
            data = data[:at]
        elif way == 1 and at < len(data):
            data[at] ^= 1 << random.below(8)
        elif way == 2 and at < len(data):
            data[at] = random.below(256)
        elif way == 3:
            data = data[:at] + bytes([random.below(256) for _ in range(random.below(9))]) + data[at:]
        elif way == 4:
            data = data[:at] + data[at + random.below(9) :]
        elif way == 5:
            data = data[:at] + data[at : at + random.below(32)] + data[at:]
        elif way == 6:
            other = samples[random.below(len(samples))]
            data = data[:at] + other[random.below(len(other)) :]
        else:
            # A JSON value for another; in bytes that are no JSON it is as good as any insertion.
            colon = data.find(b":", at)
            comma = data.find(b",", colon)
            if 0 <= colon < comma:
                data = data[: colon + 1] + ODD[random.below(len(ODD))].encode() + data[comma:]
    return bytes(data)


def run(count, seed, wanted=None):
    """``count`` inputs to each decoder (or to the one named ``wanted``); how many there were. AssertionError names a failure."""
    total = 0
    for number, (name, samples, call, allowed) in enumerate(DECODERS):
        if wanted is not None and name != wanted:
            continue
        random = Random(seed * 1009 + number + 1)
        for _ in range(count):
            data = mutated(random, samples)
            try:
                call(data)
            except Exception as error:
                if not isinstance(error, allowed):
                    raise AssertionError("%s, seed %d: %r gave %r" % (name, seed, data, error))
            total += 1
    return total
