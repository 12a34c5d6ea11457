"""The till: turns verdicts into records. What it returns from is on flash (law 1)."""

from protocol.reasons import code_of
from protocol.record import AGAIN, DATE_SET, ONLINE, OVERTURNED, REDEMPTION, REFUSAL, TRAINING, VOID, Record


class Till:
    """Writes to the journal and the refusals of a ``terminal``, and wakes its courier: there is something to send."""

    def __init__(self, terminal):
        self._clock = terminal.clock
        self._version = terminal.settings.version
        self._journal = terminal.journal
        self._refusals = terminal.refusals
        self._on_record = terminal.courier.wake
        self._cashier = terminal.cashier
        self._training = TRAINING if terminal.screens.training else 0

    def redeem(self, verdict, again):
        """Save the redemption of a valid ``verdict``; its sequence number. `JournalFull` or `OSError`: nothing was saved."""
        flags = (ONLINE if verdict.online else 0) | (AGAIN if again else 0)
        if verdict.late:
            flags |= OVERTURNED
        verdict.sequence = self._journal.append(self._record(REDEMPTION, verdict, flags, verdict.late or verdict.reason))
        self._on_record()
        return verdict.sequence

    def void(self, record):
        """Take a redemption of this journal back, by a record that names it; its sequence number. Raises as `redeem`.

        It bears the redemption's settings version: it belongs to the same merchant, even if the terminal has moved since.
        """
        r = record
        sequence = self._journal.append(Record(
            VOID, 0, 0, self._clock.now(), self._clock.source, r.flags & TRAINING, r.month, r.member, r.tier, r.offer,
            r.offer_version, 0, r.amount, r.price, r.sequence, r.reason, self._cashier, r.epoch,
        ))  # fmt: skip
        self._on_record()
        return sequence

    def refuse(self, verdict):
        """Log a refusal, in the bounded ring of its own (law 6)."""
        self._log(self._record(REFUSAL, verdict, ONLINE if verdict.online else 0, verdict.reason))

    def overturned(self, verdict):
        """The centre's answer came late and differs from what was shown: logged beside the redemption, if there was one."""
        self._log(self._record(REFUSAL, verdict, OVERTURNED, verdict.late, verdict.sequence))

    def date_set(self):
        """Record that a supervisor has keyed the date the clock now runs on."""
        now = self._clock.now()
        self._journal.append(Record(DATE_SET, 0, 0, now, self._clock.source, 0, 0, 0, 0, 0, self._version, 0, 0, 0, 0, 0, 0, 0))
        self._on_record()

    def _log(self, record):
        try:
            self._refusals.append(record)
        except OSError:
            pass  # a worn-out ring of refusals must not keep a cashier from the next customer
        self._on_record()

    def _record(self, kind, verdict, flags, reason, link=0):
        # A number of any length may have been keyed in; twelve digits still fit the record's 40 bits.
        return Record(
            kind, 0, 0, self._clock.now() or 0, self._clock.source, flags | self._training, verdict.month,
            int(verdict.number or "0"), verdict.tier or 0, verdict.offer, self._version, verdict.list_version, verdict.amount,
            verdict.price, link, code_of(reason), self._cashier, 0,
        )  # fmt: skip
