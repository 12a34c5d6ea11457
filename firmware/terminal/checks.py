"""Checks: the centre is asked while the local list is looked up; the centre's answer wins until the deadline (law 3).

An answer after the deadline never changes what the display shows; it is kept beside the verdict, and recorded.
"""

import asyncio

from protocol import messages
from protocol.reasons import CODES
from protocol.record import REDEMPTION, TRAINING, VOID
from protocol.verdict import Facts, decide, refused_before_lookup

DEADLINE_MS = 700
REPEAT_WITHIN_S = 600


class Verdict:
    """The answer to one check. ``reason``: name · ``tier``: code or None · ``online``: the centre decided ·
    ``late``: the centre's reason when it came after the deadline and differs, else None · ``earlier``: Unix time of this
    member's last redemption of this offer here within `REPEAT_WITHIN_S`, or None · ``ask_online``: it came from a list so
    old that the centre wants the cashier to be asked to go online."""

    def __init__(self, number, month, offer, facts, reason, online, list_version):
        self.number = number
        self.month = month
        self.offer = offer
        self.time = facts.now
        self.tier = facts.tier
        self.used = facts.used
        self.reason = reason
        self.online = online
        self.list_version = list_version
        self.late = None
        self.earlier = None
        self.ask_online = False
        self.sequence = None


class Checks:
    """``lists`` finds members offline, ``journal`` counts their uses here, ``send(name, body) -> bool`` reaches the centre.

    ``on_late(verdict)`` is told when the centre's answer came after the deadline and differs.
    """

    def __init__(self, ticks, clock, settings, lists, journal, send):
        self._ticks = ticks
        self._clock = clock
        self._settings = settings
        self._lists = lists
        self._journal = journal
        self._send = send
        self.on_late = None
        self._number = 0
        self._answer = None
        self._answered = asyncio.Event()
        self._shown = None
        self.answered_online = 0
        self.answered_offline = 0

    async def check(self, number, sender, month, offer):
        """The `Verdict` on ``number`` (str), keyed with ``month`` (YYYYMM) and ``sender`` (bool), for ``offer``.

        It comes within `DEADLINE_MS`.
        """
        facts = Facts(number, sender, month, self._clock.now(), self._settings.grace_hours)
        facts.suspended = self._settings.suspended
        reason = refused_before_lookup(facts)
        started = self._ticks.ticks_ms()
        self._number += 1
        self._shown = None
        if reason:
            return Verdict(number, month, offer, facts, reason, False, 0)
        self._answer = None
        self._answered.clear()
        # Without settings there is no offer: nobody is asked about none, and the list, whose key they bring, is missing too.
        asked = offer and self._send(
            "check",
            messages.encode("check", check=self._number, member=number, month=month, sender=sender, offer=offer.id),
        )
        version, ask = self._look_up(facts, offer)
        used, earlier = await self._history(int(number), offer, facts.now) if offer else (0, None)
        if offer and offer.limit:
            facts.limit, facts.used = offer.limit, used
        verdict = Verdict(number, month, offer, facts, decide(facts), False, version)
        if asked:
            try:
                left = DEADLINE_MS - self._ticks.ticks_diff(self._ticks.ticks_ms(), started)
                await asyncio.wait_for_ms(self._answered.wait(), max(0, left))
            except asyncio.TimeoutError:
                pass
        answer = self._answer
        verdict.earlier = earlier
        if answer is None:
            self.answered_offline += 1
            verdict.ask_online = ask
            self._shown = verdict if asked else None
            return verdict
        self.answered_online += 1
        verdict.reason = answer["reason"]
        verdict.tier = answer["tier"] or facts.tier
        verdict.used = answer["used"]
        verdict.online = True
        return verdict

    def hear(self, answer):
        """A ``verdict`` message has come (dict of its fields)."""
        if answer["reason"] not in CODES:
            raise messages.MessageError("unknown reason")
        if answer["check"] != self._number:
            return
        shown = self._shown
        if shown is None:
            if not self._answered.is_set():
                self._answer = answer
                self._answered.set()
        elif answer["reason"] != shown.reason and shown.late is None:
            shown.late = answer["reason"]
            self.on_late(shown)

    def _look_up(self, facts, offer):
        """Complete ``facts`` from the member list; (version of the list read, whether its age asks for an online check)."""
        facts.online_only = offer and offer.online_only
        facts.list_fault, facts.outside, facts.tier, facts.ends = self._lists.look_up(facts.month, int(facts.member))
        name = self._settings.tier_name(facts.tier)
        facts.served = name is None or (offer and offer.serves(name))
        version, age = self._lists.state(facts.month, facts.now)
        if facts.list_fault is None and self._lists.is_past("refuse", age, name):
            facts.list_fault = "list_too_old"
        return version, self._lists.is_past("ask", age, name)

    async def _history(self, member, offer, now):
        """(uses that count against the limit, time of the last within `REPEAT_WITHIN_S` or None), from our own journal."""
        used = 0
        earlier = None
        voided = []
        since = now - REPEAT_WITHIN_S
        counts_since = offer.counts_since(now)
        if counts_since is None:
            counts_since = now
        for record in self._journal.find(member, min(since, counts_since)):
            # None is the journal taking breath between two sectors: the keypad's turn.
            await asyncio.sleep_ms(0)
            if record is None or record.offer != offer.id or record.flags & TRAINING:
                continue
            if record.kind == VOID:
                voided.append((record.link_epoch, record.link))
            elif record.kind == REDEMPTION and (record.epoch, record.sequence) not in voided:
                if record.time >= counts_since:
                    used += 1
                if earlier is None and record.time >= since:
                    earlier = record.time
        return used, earlier
