"""The courier: the conversation with the centre. Records go up oldest first, receipts come back, settings and lists come down.

Nothing it sends is forgotten before the centre has proved it stored it: the journal is the queue, the courier has none.
"""

import asyncio
import os

from firmware.terminal import overlay
from firmware.terminal.files import LAST_FAULT
from firmware.terminal.journal import JournalFork
from protocol import messages, topics
from protocol.keys import derive

_RESEND_MS = 5000
_SLOTS = 16  # at once: a packet of 1 KB is there three times before it leaves
_STATUS_EVERY = 12  # turns of _RESEND_MS: a minute
_TELL_EVERY = 3
_ODDITIES = 2  # that are kept at once, of so many bytes each; more are counted
_ODDITY_BYTES = 1000


class Courier:
    """``journal`` and ``refusals`` are sent by the same rules; ``facts(name)`` gives the fields of ``hello`` and ``status``."""

    def __init__(self, ticks, terminal, key, journal, refusals, settings, clock):
        self._ticks = ticks
        self._terminal = terminal
        self._key = derive(key, b"message")
        self._chains = {"records": journal, "refusals": refusals}
        self._settings = settings
        self._clock = clock
        self.facts = None
        self._uplink = None
        self._answers = None
        self._lists = None
        self._wake = asyncio.Event()
        self._sent_at = {}
        self._slots = _SLOTS
        self._odd = []
        self._session = 0
        self._told = None, None  # what the centre was told last: its digest, and which of these (None: a failure's text)
        self._untold = True  # after a start there may be a failure to tell of
        self._failure_kept = False
        self._missed = False  # settings for which there was no room
        self.closed = None  # the centre's answer to a day's close; False while a page waits for it
        self.refused_messages = 0
        self.forks = 0

    def join(self, uplink, answers, lists):
        """What is built after the courier and talks through it."""
        self._uplink = uplink
        self._answers = answers
        self._lists = lists

    def send(self, name, body):
        """Send a body (bytes); False when there is no connection or no room: the caller's own rules say what then."""
        topic = topics.up(self._terminal, name)
        return self._uplink.send(topic, messages.tagged(self._key, topic, body), name == "status")

    def will(self):
        """(topic, payload) the broker publishes for us when we are gone."""
        topic = topics.up(self._terminal, "status")
        fields = dict(self.facts("status"), online=False)
        return topic, messages.tagged(self._key, topic, messages.encode("status", **fields))

    def connected(self):
        """The uplink is up: say who we are; the answer brings the time and what the centre holds."""
        self._sent_at.clear()
        self._session = int.from_bytes(os.urandom(4), "big")
        self.send("hello", messages.encode("hello", session=self._session, **self.facts("hello")))
        self._report()

    def wake(self):
        """There is something new to send."""
        self._wake.set()

    def hear(self, topic, payload):
        """A message from the broker. What is not genuine or does not decode holds nothing up: it is set aside."""
        name = None
        try:
            topic = topic.decode()
            name = topics.name_to(self._terminal, topic)
            if name is None:
                raise messages.MessageError("topic")
            if name == "settings":
                if self._settings.receive(payload):
                    self._lists.keys_changed()
                return
            body = messages.untagged(self._key, topic, payload)
            if name == "chunk":
                return self._lists.hear_chunk(body)
            self._handle(name, messages.decode(name, body))
        except ValueError as error:
            self.set_aside(name or "topic", str(error), payload)
        except MemoryError:
            self.refused_messages += 1
            self._missed = self._missed or name == "settings"

    def set_aside(self, source, reason, content):
        """Keep what can't be used, for a person to look at, until the centre has it (law 4)."""
        self.refused_messages += 1
        if len(self._odd) < _ODDITIES:
            self._odd.append((source, reason, len(content), bytes(content[:_ODDITY_BYTES])))
        self._untold = True

    def tidy(self):
        """Remove the text of a failure that the centre has (50 ms, to be done when no key is pressed); whether there was one."""
        if not self._failure_kept:
            return False
        self._failure_kept = False
        try:
            os.remove(LAST_FAULT)
        except OSError:
            pass  # it is told once more after the next start
        return True

    def _handle(self, name, fields):
        if name == "verdict":
            self._answers.hear(fields)
        elif name == "welcome":
            if fields["session"] != self._session:
                raise messages.MessageError("not of this session")  # played back, perhaps, to set the clock back
            self._clock.hear_centre(fields["time"])
            self._receipt("records", fields["epoch"], fields["received"], fields["chain"])
            self.wake()
        elif name == "receipt":
            self._receipt("records", fields["epoch"], fields["upto"], fields["chain"])
        elif name == "refused":
            self._receipt("refusals", fields["epoch"], fields["upto"], fields["chain"])
        elif name == "closed" and self.closed is False:
            self.closed = fields
        elif name == "list":
            self._lists.hear_offer(fields)
        elif name == "kept" and fields["digest"] == self._told[0]:
            odd = self._told[1]
            self._told = None, None
            if odd:
                self._odd.remove(odd)
            else:
                self._failure_kept = True
                self._untold = bool(self._odd)

    def _receipt(self, chain, epoch, upto, value):
        try:
            moved = self._chains[chain].receipt(epoch, upto, messages.bytes_of(value))
        except JournalFork:
            # The centre holds other records under our numbers: nothing is released, the status says so.
            self.forks += 1
            return
        if moved:
            self._sent_at.pop(chain, None)
            self.wake()

    def _report(self):
        self.send("status", messages.encode("status", **self.facts("status")))

    def _tell(self):
        odd = self._odd[0] if self._odd else None
        try:
            found = overlay.load("firmware.terminal.aside").message(odd)
            if found and self.send("fault", found[0]):
                self._told = found[1], odd
            self._untold = bool(found)
        except MemoryError:
            pass  # another time
        overlay.drop("firmware.terminal.aside")

    async def run(self):
        """Send what waits, for ever; again after `_RESEND_MS` without a receipt."""
        turns = 0
        while True:
            try:
                await asyncio.wait_for_ms(self._wake.wait(), _RESEND_MS)
            except asyncio.TimeoutError:
                turns += 1
                if self._missed:
                    self._missed = False
                    self._uplink.renew()
                if turns % _STATUS_EVERY == 0 and self._uplink.connected:
                    self._report()
                # At once while it has not been sent; what has, and has no answer, now and then.
                if self._untold and self._uplink.connected and (self._told[0] is None or turns % _TELL_EVERY == 0):
                    self._tell()
            self._wake.clear()
            if self._uplink.connected:
                self._send_waiting()

    def _send_waiting(self):
        now = self._ticks.ticks_ms()
        for name in self._chains:
            sent = self._sent_at.get(name)
            if sent is not None and self._ticks.ticks_diff(now, sent) < _RESEND_MS:
                continue
            try:
                batch = self._chains[name].batch(self._slots)
                if batch and self.send(name, messages.encode_batch(*batch)):
                    self._sent_at[name] = now
            except MemoryError:
                # Memory in pieces too small for so many: fewer from now on, rather than none at all.
                if self._slots > 1:
                    self._slots //= 2
                    self._wake.set()
