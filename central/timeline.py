"""A member's life: the events of the feed, and the spans of time that they come to.

A span says what holds from its beginning to the next one: a tier, when the membership ends, whether the number is blocked. The
same events give the same spans in whatever order they have come: what counts is when they took effect. Only what the operator
puts in by hand (`STATE`) makes everything that came before it history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from protocol import month as months
from protocol.tiers import BLOCKED

# Codes are never reused: the table of events is append-only.
KINDS = {"subscribe": 1, "unsubscribe": 2, "trial": 3, "tier": 4, "block": 5, "unblock": 6, "renew": 7}
STATE, STATE_BLOCKED = 16, 17
NAMES = {code: name for name, code in KINDS.items()} | {STATE: "state", STATE_BLOCKED: "state, blocked"}
NEEDS_TIER = ("subscribe", "tier", "trial")
_SUBSCRIBE, _UNSUBSCRIBE, _TRIAL, _TIER, _BLOCK, _UNBLOCK, _RENEW = KINDS.values()


class Event(NamedTuple):
    """What `spans` needs of an event. ``id``: the order in which they came · ``at``, ``until``: Unix seconds."""

    id: int
    kind: int
    at: int
    tier: int | None
    until: int | None


class Span(NamedTuple):
    """What holds of a member from ``active_from`` (Unix seconds) until the next span begins. ``active_until``: the first second
    the membership no longer holds, None for open-ended; not after ``active_from`` where there is none."""

    active_from: int
    tier: int
    active_until: int | None
    blocked: bool


@dataclass
class _Membership:
    begins: int
    tier: int
    ends: int | None
    trial: bool

    def in_force(self, at: int) -> bool:
        return self.ends is None or self.ends > at


def spans(events: Iterable[Any]) -> tuple[Span, ...]:
    """The spans of one member's events: objects with ``id, kind, at, tier, until``, in any order."""
    known = sorted(events, key=lambda event: event.id)
    states = [index for index, event in enumerate(known) if event.kind in (STATE, STATE_BLOCKED)]
    memberships: list[_Membership] = []
    blocks: list[tuple[int, bool]] = []
    if states:
        state = known[states[-1]]
        known = known[states[-1] + 1 :]
        memberships.append(_Membership(state.at, state.tier, state.until, False))
        if state.kind == STATE_BLOCKED:
            blocks.append((0, True))
    for event in sorted(known, key=lambda event: (event.at, event.id)):
        if event.kind in (_BLOCK, _UNBLOCK):
            blocks.append((event.at, event.kind == _BLOCK))
        else:
            _live(memberships, event)
    return _joined(memberships, blocks)


def _live(memberships: list[_Membership], event: Any) -> None:
    """Take one event of a membership in; events that change nothing (who is no member unsubscribes) are none the worse for it."""
    at, last = event.at, memberships[-1] if memberships else None
    held = last if last is not None and last.in_force(at) else None
    if event.kind == _UNSUBSCRIBE:
        if held:
            held.ends = at
        return
    if event.kind == _RENEW:
        # Until when it is paid; said or not, it is never less than the month it was paid in.
        until = event.until or months.starts(months.shifted(months.month_of(at), 1))
        if held:
            held.ends = None if held.ends is None else max(held.ends, until)
        elif last or event.tier is not None:
            _begin(memberships, _Membership(at, event.tier or (last.tier if last else BLOCKED), until, False))
        return
    if event.kind == _TIER:
        if held:
            _begin(memberships, _Membership(max(at, held.begins), event.tier, held.ends, held.trial))
        return
    if event.kind == _TRIAL and held and not held.trial:
        return  # a gift of a month must not end what is paid for
    _begin(memberships, _Membership(at, event.tier, event.until, event.kind == _TRIAL))


def _begin(memberships: list[_Membership], new: _Membership) -> None:
    while memberships and memberships[-1].begins >= new.begins:
        memberships.pop()
    memberships.append(new)


def _joined(memberships: list[_Membership], blocks: list[tuple[int, bool]]) -> tuple[Span, ...]:
    found: list[Span] = []
    for at in sorted({membership.begins for membership in memberships} | {moment for moment, _ in blocks}):
        member = next((m for m in reversed(memberships) if m.begins <= at), None)
        tier, until = (member.tier, member.ends) if member else (BLOCKED, at)
        blocked = next((said for moment, said in reversed(blocks) if moment <= at), False)
        before = found[-1] if found else None
        if before and before[1:] == (tier, until, blocked):
            continue
        if before is None and member is None and not blocked:
            continue
        found.append(Span(at, tier, until, blocked))
    return tuple(found)


def at(found: Sequence[Any], moment: int) -> Any:
    """The span (or row of `members`) in force at ``moment``, of one member's in ascending order; None before the first."""
    for span in reversed(found):
        if span.active_from <= moment:
            return span
    return None


def standing(found: Sequence[Any], moment: int, now: int) -> tuple[int | None, int]:
    """(tier code or None, ends): one member's spans as `protocol.verdict.Facts` wants them; ends 0 is never.

    The membership counts as of ``moment``, a block as of ``now``: who was blocked after the month ended is blocked all the same.
    """
    current = at(found, now)
    if current is not None and current.blocked:
        return BLOCKED, 0
    judged = at(found, moment)
    if judged is None or (judged.active_until is not None and judged.active_until <= judged.active_from):
        return None, 0
    return judged.tier, judged.active_until or 0
