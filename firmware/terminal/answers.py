"""The centre's answers to checks: awaited until the deadline, and told apart from those that come too late (law 3)."""

import asyncio
import os

from protocol.messages import MessageError
from protocol.reasons import is_reason


class Verdict:
    """The answer to one check. ``reason``: name · ``tier``: code or None · ``offer``: its id or 0 · ``online``: the centre
    decided · ``late``: the centre's reason when it came after the deadline and differs, else None · ``earlier``: Unix time of
    this member's last redemption of this offer here, if that was just now, else None · ``ask_online``: it came from a list so
    old that the centre wants the cashier to be asked to go online · ``sequence``: of its redemption, once there is one ·
    ``limit``: uses there are in the period, 0 for no limit · ``amount``, ``price``: whole fen, 0 where nothing was asked or
    nothing is paid · ``due``: day by what the member is to be reminded of."""

    def __init__(self, number, month, offer, reason, tier, used, list_version):
        self.number = number
        self.month = month
        self.offer = offer
        self.reason = reason
        self.tier = tier
        self.used = used
        self.limit = self.amount = self.price = 0
        self.due = {}
        self.list_version = list_version
        self.online = False
        self.late = None
        self.earlier = None
        self.ask_online = False
        self.sequence = 0


class Answers:
    """``on_late(verdict)`` is told when the centre's answer came after the deadline and differs."""

    def __init__(self, on_late):
        self._on_late = on_late
        self._answer = None
        self._came = asyncio.Event()
        self._shown = None
        # Of the newest check. It starts anywhere, so that nobody can play back what was once answered to another check.
        self.number = int.from_bytes(os.urandom(3), "big")
        self.online = 0  # checks that the centre has answered …
        self.offline = 0  # … and that it has not

    def begin(self):
        """A new check; its number."""
        self.number += 1
        self._answer = self._shown = None
        self._came.clear()
        return self.number

    async def wait(self, ms):
        """The answer's fields (dict) once it is there; None when it does not come within ``ms``."""
        try:
            await asyncio.wait_for_ms(self._came.wait(), max(0, ms))
        except asyncio.TimeoutError:
            pass
        return self._answer

    def shown(self, verdict):
        """``verdict`` stands on the glass without the centre's answer: if it still comes, it is recorded beside it."""
        self._shown = verdict

    def hear(self, answer):
        """A ``verdict`` message has come (dict of its fields)."""
        if not is_reason(answer["reason"]):
            raise MessageError("unknown reason")
        if answer["check"] != self.number:
            return
        shown = self._shown
        if shown is None:
            if not self._came.is_set():
                self._answer = answer
                self._came.set()
        elif answer["reason"] != shown.reason and shown.late is None:
            shown.late = answer["reason"]
            self._on_late(shown)
