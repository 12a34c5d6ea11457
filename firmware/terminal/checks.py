"""A check: the centre is asked, and its answer wins until the deadline; then the local list, looked up before, decides (law 3).

An answer after the deadline never changes what the display shows; it is kept beside the verdict, and recorded.
"""

import asyncio
import time

from firmware.terminal.answers import Verdict
from protocol import messages
from protocol.reasons import VALID
from protocol.record import REDEMPTION, TRAINING, VOID
from protocol.verdict import Facts, decide, refused_before_lookup

DEADLINE_MS = 700
REPEAT_WITHIN_S = 600


async def check(terminal, number, sender, month, offer, catalogue, found):
    """The `Verdict` on ``number`` (str), keyed with ``month`` (YYYYMM) and ``sender`` (bool), for ``offer`` (`Offer` or None) of
    the ``catalogue``; ``found``: what `ListCache.find` says. It comes within `DEADLINE_MS`."""
    settings, answers = terminal.settings, terminal.answers
    facts = Facts(number, sender, month, terminal.clock.now(), settings.grace_hours)
    facts.suspended = settings.suspended
    offer_id = offer.id if offer else 0
    reason = refused_before_lookup(facts)
    started = time.ticks_ms()
    check_number = answers.begin()
    if reason:
        return Verdict(number, month, offer_id, reason, None, 0, 0)
    # Without settings there is no offer: nobody is asked about none, and the list, whose key they bring, is missing too. Training
    # is the terminal's alone: an answer would keep the member's last unit from other terminals.
    training = terminal.screens.training
    asked = (
        offer
        and not training
        and terminal.courier.send(
            "check", messages.encode("check", check=check_number, member=number, month=month, sender=sender, offer=offer_id)
        )
    )
    lists = terminal.lists
    facts.list_fault, facts.outside, facts.tier, facts.ends = found
    used, earlier = await _history(terminal.journal, int(number), offer, facts.now) if offer else (0, None)
    version, ask = _judge_list(lists, facts, offer, catalogue, used)
    verdict = Verdict(number, month, offer_id, decide(facts), facts.tier, facts.used, version)
    verdict.earlier = earlier
    verdict.limit = facts.limit
    answer = await answers.wait(DEADLINE_MS - time.ticks_diff(time.ticks_ms(), started)) if asked else None
    if answer is None:
        answers.offline += not training
        verdict.ask_online = ask
        if asked:
            answers.shown(verdict)
        return verdict
    answers.online += 1
    verdict.reason = answer["reason"]
    verdict.tier = answer["tier"] or facts.tier
    verdict.limit = answer["limit"]
    verdict.due = answer["due"]
    # What was redeemed here a moment ago may not have reached the centre yet.
    verdict.used = max(answer["used"], used)
    if verdict.reason == VALID and 0 < verdict.limit <= used:
        verdict.reason = "limit_reached"
    verdict.online = True
    return verdict


def _judge_list(lists, facts, offer, catalogue, used):
    """Complete ``facts`` by what the list's answer is worth; (its version, whether its age asks for an online check)."""
    name = catalogue.tier_name(facts.tier)
    if offer:
        facts.online_only = offer.needs_centre(used)
        facts.limit, facts.used = offer.limit_for(name), used
    facts.served = name is None or (offer and offer.serves(name))
    version, age, _ = lists.state(facts.month, facts.now)
    if facts.list_fault is None and lists.is_past("refuse", age, name):
        facts.list_fault = "list_too_old"
    return version, lists.is_past("ask", age, name)


async def _history(journal, member, offer, now):
    """(uses that count against the limit, time of the last within `REPEAT_WITHIN_S` or None), from our own journal."""
    used = 0
    earlier = None
    voided = []
    since = now - REPEAT_WITHIN_S
    counts_since = offer.counts_since(now)
    if counts_since is None:
        counts_since = now
    for record in journal.find(member, min(since, counts_since)):
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
