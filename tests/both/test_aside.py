"""The courier: what a terminal tells of what it could not use and of its own failures, and what it believes of the centre."""

import asyncio
import os

import asyncio_ms  # noqa: F401 - for CPython

from firmware.terminal import aside, courier
from protocol import fault, messages, topics
from protocol.keys import derive
from protocol.messages import MessageError

KEY = bytes(range(32))
NAME = "T0001"
HELLO = {"version": "0", "board": "b", "epoch": 1, "sequence": 0, "list": 0, "settings": 0, "boot": 1}
STATUS = {
    "online": True, "waiting": 0, "level": 0, "answered": 0, "offline": 0, "dropped": 0, "forks": 0, "damaged": 0,
}  # fmt: skip
TRACEBACK = b'Traceback (most recent call last):\n  File "resident.py", in run\nKeyError: 13800138000\n'


class Wire:
    """Stands where the uplink is: keeps what is sent."""

    connected = True

    def __init__(self):
        self.sent = []

    def send(self, topic, payload, retain=False):
        self.sent.append(messages.untagged(derive(KEY, b"message"), topic, payload))
        assert topic == topics.up(NAME, "fault")
        return True


class Loaded:
    """The part, loaded for good; and what removes files."""

    def load(name):
        return aside

    def drop(name):
        pass

    remove = drop


def at_work():
    wire = Wire()
    made = courier.Courier(None, NAME, KEY, None, None, None, None)
    made.join(wire, None, None)
    return made, wire


def post(made, name, body, key=KEY):
    topic = topics.down(NAME, name)
    made.hear(topic.encode(), messages.tagged(derive(key, b"message"), topic, body))


def kept(made, content):
    post(made, "kept", messages.encode("kept", digest=fault.digest(content)))


def test_what_is_told_is_what_is_heard():
    for content in (b"", b"x", bytes(range(256)) * 3, bytes(fault.MOST)):
        assert fault.decode(fault.encode("verdict", "why", len(content), content)) == ("verdict", "why", len(content), content)
    long = bytes(5000)
    assert fault.decode(fault.encode("s" * 60, "r" * 60, len(long), long)) == ("s" * 40, "r" * 40, 5000, long[: fault.MOST])
    assert fault.MOST == courier._ODDITY_BYTES


def test_bodies_that_are_none_are_refused():
    good = fault.encode("verdict", "why", 3, b"abc")
    broken = [good[:at] for at in range(len(good) - 3)]
    broken += [good + bytes(fault.MOST), fault.encode("verdict", "why", 2, b"abc"), b"\0\0\0\0\xff" + bytes(300)]
    for body in broken:
        try:
            fault.decode(body)
        except MessageError:
            continue
        raise AssertionError(body)


def test_a_failures_text_says_no_number():
    assert aside.masked(b"KeyError: 13800138000\nline 143, 0x3ffb\xff") == "KeyError: #\nline 143, 0x3ffb?"
    assert aside.masked(b"") == ""


def test_what_cannot_be_used_is_told_in_turn_until_it_is_kept():
    made, wire = at_work()
    forged = messages.tagged(KEY, topics.down(NAME, "receipt"), b"{}")
    made.hear(topics.down(NAME, "receipt").encode(), forged)
    post(made, "welcome", b"[]")
    post(made, "welcome", b"{}")  # no room for a third: counted
    made.hear(b"\xff\xfe", b"junk")
    assert made.refused_messages == 4
    for source, reason, content in (("receipt", "tag does not match", forged), ("welcome", "welcome is not an object", None)):
        made._tell()
        made._tell()
        told = fault.decode(wire.sent[-1])
        assert wire.sent[-1] == wire.sent[-2]
        assert told[:2] == (source, reason)
        assert content is None or told[3] == content
        kept(made, b"something else")
        assert fault.decode(wire.sent[-1])[3] in [odd[3] for odd in made._odd]
        kept(made, told[3])
        kept(made, told[3])
    assert not made._odd
    assert not made.tidy()


def test_a_failures_text_is_told_and_then_removed():
    path = aside.LAST_FAULT
    removed = []
    aside.LAST_FAULT = "fault.test"
    with open(aside.LAST_FAULT, "wb") as file:
        file.write(b"x" * 3000 + b"\n" + TRACEBACK)
    real, courier.os, courier.overlay = (courier.os, courier.overlay), Loaded, Loaded
    Loaded.remove = removed.append
    try:
        made, wire = at_work()
        made._tell()
        source, reason, length, text = fault.decode(wire.sent[0])
        assert (source, reason, length) == ("crash", "KeyError", fault.MOST)
        assert text.endswith(b"in run\nKeyError: #\n")
        # Something else comes in between: the answer is to what it names.
        post(made, "welcome", b"[]")
        kept(made, text)
        assert len(made._odd) == 1
        assert made.tidy()
        assert not made.tidy()
        assert removed == [path]
    finally:
        courier.os, courier.overlay = real
        os.remove(aside.LAST_FAULT)
        aside.LAST_FAULT = path


class Set:
    """Stands where clock, journal and uplink are, and notes what they are told."""

    connected = True
    epoch = sequence = waiting = 0

    def __init__(self):
        self.heard = []
        self.hello = None

    def hear_centre(self, time):
        self.heard.append(time)

    def receipt(self, epoch, upto, chain):
        return False

    def send(self, topic, payload, retain=False):
        if topic.endswith("/hello"):
            self.hello = messages.decode("hello", messages.untagged(derive(KEY, b"message"), topic, payload))
        return True


def test_a_welcome_of_another_session_does_not_set_the_clock():
    """Whoever has listened can play back what the centre once said, but not for the session there is now."""
    world = Set()
    made = courier.Courier(None, NAME, KEY, world, world, None, world)
    made.join(world, None, None)
    made.facts = lambda name: HELLO if name == "hello" else STATUS
    sessions = []
    for time in (1000, 2000, 3000):
        made.connected()
        sessions.append(world.hello["session"])
        for session in sessions:
            body = messages.encode("welcome", session=session, time=time, epoch=1, received=0, chain="00" * 16)
            post(made, "welcome", body)
    assert len(set(sessions)) == 3
    assert world.heard == [1000, 2000, 3000]
    assert made.refused_messages == 3


class Cramped(Set):
    """No room for settings; and the line, which can be made anew."""

    connected = False
    renewed = 0

    def receive(self, payload):
        raise MemoryError

    def renew(self):
        self.renewed += 1


def test_settings_for_which_there_was_no_room_are_asked_for_again():
    world = Cramped()
    made = courier.Courier(None, NAME, KEY, world, world, world, world)
    made.join(world, None, None)

    async def working():
        task = asyncio.create_task(made.run())
        await asyncio.sleep_ms(100)
        assert world.renewed == 0
        post(made, "settings", b"{}")
        await asyncio.sleep_ms(100)
        assert world.renewed == 1, "once, for the broker has them and sends them to whoever connects"
        task.cancel()

    real, courier._RESEND_MS = courier._RESEND_MS, 10
    try:
        asyncio.run(working())
    finally:
        courier._RESEND_MS = real
    assert not made._odd, "nothing is wrong with them"


def test_nothing_to_tell():
    made, wire = at_work()
    made._tell()
    assert not wire.sent
    assert not made._untold
