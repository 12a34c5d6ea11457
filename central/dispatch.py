"""What to do with each message from a terminal. Poison is set aside and never blocks what follows (law 4).

A message is believed when its topic names a registered terminal and its tag was made with that terminal's key for this very
topic. Everything else goes to quarantine, as does whatever does not decode.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from central import registry
from central.checks import Checks
from central.database import now
from central.directory import EMPTY, Directory, Terminal
from central.ingest import Batch
from central.quarantine import Gate, Oddity
from protocol import day as days
from protocol import fault, messages, topics
from protocol.messages import MessageError

log = logging.getLogger(__name__)

_MAX_STRANGERS = 1000
Send = Callable[[Terminal, str, bytes], None]


class Dispatch:
    """Decodes, checks the origin, and hands on.

    ``send(terminal, name, body)`` tags and publishes; ``take(batch)`` stores; ``odd(oddity, done)`` quarantines; ``answer(call,
    then)`` runs a database read and hands its result on; ``close(terminal, day)`` closes a day; ``seen`` and ``checked`` gather
    what is written behind.
    """

    def __init__(
        self,
        checks: Checks,
        send: Send,
        take: Callable[[Batch], None],
        odd: Callable[[Oddity, Callable[[], None] | None], None],
        ask: Callable[[Callable[[], Any], Callable[[Any], None]], None],
        greet: Callable[[Terminal, dict[str, Any]], None],
        fetch: Callable[[Terminal, dict[str, Any]], None],
        close: Callable[[Terminal, dict[str, Any]], None],
    ) -> None:
        self._checks = checks
        self._send = send
        self._take = take
        self._odd = odd
        self._ask = ask
        self._greet = greet
        self._fetch = fetch
        self._close = close
        self.directory: Directory = EMPTY
        self.sightings: dict[str, dict[str, Any]] = {}
        self.checked: list[dict[str, Any]] = []
        self.strangers: deque[tuple[str, bytes]] = deque(maxlen=_MAX_STRANGERS)
        self.stranger = asyncio.Event()
        self.gate = Gate()
        self.counts: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        """One message as the broker delivered it."""
        parsed = topics.parse(topic)
        if parsed is None or parsed[1] != "up":
            self._aside(topic, "unknown topic", payload)
            return
        name = parsed[2]
        if not payload and name == "status":
            return  # a retained status that was cleared
        terminal = self.directory.terminals.get(parsed[0])
        if terminal is None:
            # Registered a moment ago, perhaps: looked at again once the directory has been read anew.
            self.strangers.append((topic, payload))
            self.stranger.set()
            return
        try:
            body = messages.untagged(terminal.keys.message, topic, payload)
        except MessageError as error:
            self._aside(topic, str(error), payload)
            return
        self.counts[name] += 1
        try:
            self._handle(terminal, name, body, retained)
        except MessageError as error:
            self._aside(topic, str(error), payload, terminal.id)
        except Exception as error:  # a fault of ours: what follows must not suffer for it either
            log.exception("a %s could not be handled", name)
            self._aside(topic, f"fault: {type(error).__name__}", payload, terminal.id)

    def look_again(self) -> None:
        """Hear the messages of unknown terminals once more, after the directory was read: known by now, or set aside."""
        waiting = list(self.strangers)
        self.strangers.clear()
        for topic, payload in waiting:
            if topic.split("/")[2] in self.directory.terminals:
                self.hear(topic, payload, False)
            else:
                self._aside(topic, "unknown terminal", payload)

    def _handle(self, terminal: Terminal, name: str, body: bytes, retained: bool) -> None:
        if name == "check":
            self._check(terminal, messages.decode("check", body))
        elif name in ("records", "refusals"):
            self._batch(terminal, name, body)
        elif name == "hello":
            fields = messages.decode("hello", body)
            self._saw(
                terminal,
                last_seen=now(),
                firmware=fields["version"],
                board=fields["board"],
                epoch=fields["epoch"],
                settings_held=fields["settings"],
                list_held=fields["list"],
                reset_cause=fields["boot"],
            )
            self._greet(terminal, fields)
        elif name == "status":
            fields = messages.decode("status", body)
            self._saw(terminal, **registry.status_columns(fields, None if retained else now()))
        elif name == "fetch":
            self._fetch(terminal, messages.decode("fetch", body))
        elif name == "day":
            self._close(terminal, _counted(messages.decode("day", body)))
        elif name == "fault":
            odd = Oddity.told(terminal.id, body, now())
            kept = messages.encode("kept", digest=fault.digest(odd.content))
            self._odd(odd, lambda: self._send(terminal, "kept", kept))

    def _check(self, terminal: Terminal, fields: dict[str, Any]) -> None:
        moment = now()
        directory = self.directory

        def answered(verdict: dict[str, Any]) -> None:
            self._send(terminal, "verdict", messages.encode("verdict", **verdict))
            self.verdicts[verdict["reason"]] += 1
            member = fields["member"]
            self.checked.append(
                {
                    "time": moment,
                    "terminal": terminal.id,
                    "merchant": terminal.merchant.id,
                    "member": int(member) if len(member) == 11 and member.isascii() and member.isdigit() else None,
                    "month": fields["month"],
                    "offer": fields["offer"],
                    "reason": verdict["reason"],
                    "tier": verdict["tier"],
                }
            )

        self._ask(lambda: self._checks.answer(directory, terminal, fields, moment), answered)

    def _batch(self, terminal: Terminal, stream: str, body: bytes) -> None:
        epoch, first, chain, slots = messages.decode_batch(body)
        if not epoch:
            raise MessageError("epoch 0")
        self._saw(terminal, last_seen=now())
        self._take(Batch(terminal, stream, epoch, first, chain, slots, now()))

    def _saw(self, terminal: Terminal, **columns: Any) -> None:
        self.sightings.setdefault(terminal.id, {}).update(columns)

    def _aside(self, topic: str, reason: str, payload: bytes, terminal: str | None = None) -> None:
        self.counts["quarantined"] += 1
        if terminal is None and not self.gate.admits(topic, len(payload), now()):
            return
        self._odd(Oddity.of(now(), topic, reason, payload, terminal), None)


def _counted(fields: dict[str, Any]) -> dict[str, Any]:
    """A ``day`` that is one, with totals of their form; `MessageError` otherwise."""
    if not days.is_date(fields["day"]) or not days.are_totals(fields["totals"]):
        raise MessageError("day: a date and totals by offer/tier expected")
    return fields
