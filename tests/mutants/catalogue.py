"""The mutants: what is broken, which law that breaks, and where a test must catch it. A new law's line brings its mutant."""

from __future__ import annotations

from dataclasses import dataclass

JOURNAL = ("tests/both/test_journal.py", "tests/both/test_journal_damage.py")
CUTS = "tests/test_powercut.py"
INGEST = "tests/central/test_ingest.py"


@dataclass(frozen=True)
class Mutant:
    """In `file`, `old` (which occurs once) becomes `new`; running `tests` (files or test ids) must fail."""

    name: str
    law: int
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "saved without reading back", 1, "firmware/terminal/journal.py",
        "        if ring.reads(self._ordinal, at, data, back):\n", "        if True:\n", JOURNAL,
    ),
    Mutant(
        "saved without writing", 1, "firmware/terminal/journal.py",
        "        ring.write(self._ordinal, at, data)\n"
        "        self._used = used\n        if ring.reads(self._ordinal, at, data, back):\n",
        "        self._used = used\n        if True:\n", JOURNAL,
    ),
    Mutant(
        "an unreceipted sector is used again", 1, "firmware/terminal/journal.py",
        "return self._ordinal + ahead - self._tail < self._ring.sectors", "return True", JOURNAL,
    ),
    Mutant(
        "the oldest unreceipted sector is used again", 1, "firmware/terminal/journal.py",
        "self._tail < self._ring.sectors", "self._tail <= self._ring.sectors", JOURNAL,
    ),
    Mutant(
        "a receipt for another record releases ours", 1, "firmware/terminal/journal.py",
        " and self._ring.chain(at) == chain:", ":", JOURNAL,
    ),
    Mutant(
        "a receipt releases what it does not cover", 1, "firmware/terminal/sector.py",
        "bits = (1 << 64) - (1 << released + 1)", "bits = (1 << 64) - (1 << released + 2)", JOURNAL,
    ),
    Mutant(
        "a receipt is not written down", 1, "firmware/terminal/ring.py",
        "        self.write(ordinal, MARKS_AT, sector.marks(index - header.index))\n", "", JOURNAL,
    ),
    Mutant(
        "an erase that was cut short is trusted", 1, "firmware/terminal/sector.py",
        'return head == b"\\xff" * _ERASED_AT + ERASED',
        'return head in (b"\\xff" * _ERASED_AT + ERASED, b"\\xff" * HEADER_BYTES)', (CUTS,),
    ),
    Mutant(
        "what a cut left half programmed is not settled", 1, "firmware/terminal/mount.py",
        "            ring.write(header.ordinal, at, ring.slot(at))\n", "            pass\n", (CUTS,),
    ),
    Mutant(
        "the place a cut may have begun with is used", 1, "firmware/terminal/journal.py",
        "        self._doubtful = found.sound\n", "        self._doubtful = False\n", (CUTS,),
    ),
    Mutant(
        "a torn slot is taken for a record", 1, "firmware/terminal/mount.py",
        "            ring.spoil(header.ordinal, end)", "            pass", JOURNAL,
    ),
    Mutant(
        "younger records under a damaged header are not looked for", 1, "firmware/terminal/mount.py",
        "            self._find_orphan()\n", "", JOURNAL,
    ),
    Mutant(
        "the display says saved when it is not", 1, "firmware/terminal/redemption.py",
        '            return self._not_saved("full")\n', "            sequence = 0\n", ("tests/both/test_desk.py",),
    ),
    Mutant(
        "a receipt before the commit", 1, "central/writer.py",
        "            receipts = Intake(connection, self._database, self.directory).take(batches) if batches else []\n",
        "            receipts = Intake(connection, self._database, self.directory).take(batches) if batches else []\n"
        "            self._deliver(receipts)\n",
        ("tests/central/test_writer.py",),
    ),
    Mutant(
        "a commit that is not flushed", 1, "central/database.py",
        "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL", ("tests/central/test_writer.py",),
    ),
    Mutant(
        "a server's own commits are not flushed", 1, "central/database.py",
        "set_config('synchronous_commit', 'on', false)", "set_config('synchronous_commit', 'off', false)",
        ("tests/central/test_writer.py",),
    ),
    Mutant(
        "a sequence is left out", 2, "firmware/terminal/mount.py",
        "self.sequence = record.sequence if record", "self.sequence = record.sequence + 1 if record", JOURNAL,
    ),
    Mutant(
        "an epoch is used twice", 2, "firmware/terminal/journal.py",
        "self._start_epoch(first_epoch(found.epoch))", "self._start_epoch(first_epoch(0))", JOURNAL,
    ),
    Mutant(
        "a damaged end is carried on from", 2, "firmware/terminal/mount.py",
        "            record = at and ring.open(at)\n", "            record = at and ring.peek(at)\n", JOURNAL,
    ),
    Mutant(
        "a receipt of a later epoch releases an earlier one", 2, "firmware/terminal/journal.py",
        "if oldest is None or epoch != oldest[0] or upto < oldest[1]:", "if oldest is None or upto < oldest[1]:", JOURNAL,
    ),
    Mutant(
        "the chain is left out of the tag", 2, "protocol/record.py",
        "head = hmac_sha256(self._mac, chain, finger, body)", "head = hmac_sha256(self._mac, finger, body)",
        ("tests/both/test_record.py",),
    ),
    Mutant(
        "the chain is not checked", 2, "protocol/record.py",
        "        if not same(hmac_sha256(self._mac, chain, slot[_TAG:CHAIN_BYTES], body)[:_TAG], slot[:_TAG]):\n",
        "        if False:\n",
        ("tests/both/test_record.py",),
    ),
    Mutant(
        "no unique constraint", 2, "central/schema.py",
        '        UniqueConstraint("terminal", "epoch", "sequence"),\n', "", (INGEST,),
    ),
    Mutant(
        "a fork is taken for a resend", 2, "central/ingest.py",
        "            if held.get(batch.first + at, slot) != slot:\n", "            if False:\n", (INGEST,),
    ),
    Mutant(
        "a batch of another chain is taken in", 2, "central/ingest.py",
        "            return batch.chain != position.chain\n", "            return False\n", (INGEST,),
    ),
    Mutant(
        "a redemption that comes after its void counts", 2, "central/ingest.py",
        'if row["kind"] == REDEMPTION and sequence < self._position(batch).upto:', "if False:", (INGEST,),
    ),
    Mutant(
        "a gap is taken in at once", 2, "central/ingest.py",
        "GAP_OFFERS = 3", "GAP_OFFERS = 0", (INGEST,),
    ),
    Mutant(
        "the search of the journal takes no breath", 3, "firmware/terminal/journal.py",
        "            yield None\n", "", JOURNAL,
    ),
    Mutant(
        "connecting holds the loop", 3, "firmware/terminal/dial.py",
        "        plain.setblocking(False)\n", "        plain.setblocking(True)\n", ("tests/uplink/test_uplink.py",),
    ),
    Mutant(
        "the centre is waited for too long", 3, "firmware/terminal/checks.py",
        "DEADLINE_MS = 700", "DEADLINE_MS = 1500", ("tests/end_to_end/test_bad_network.py",),
    ),
    Mutant(
        "erases are made while the cashier waits", 3, "firmware/terminal/journal.py",
        "        self._ring.erase(self._ordinal + self._ready + 1)\n        self._ready += 1\n        return True\n",
        "        return False\n", JOURNAL,
    ),
    Mutant(
        "a damaged header holds up what follows", 4, "firmware/terminal/journal.py",
        "                epoch, sequence = ring.numbers() or (epoch, sequence)\n", "                return\n", JOURNAL,
    ),
    Mutant(
        "records under another key are given up", 4, "firmware/terminal/mount.py",
        "            self.index = header.index + len(records)\n", "            self.index = header.index\n", JOURNAL,
    ),
    Mutant(
        "an unreadable slot is dropped", 4, "central/ingest.py",
        "                self._unreadable(batch, sequence, slot, fault)\n", "                continue\n", (INGEST,),
    ),
    Mutant(
        "what a terminal cannot use is forgotten", 4, "firmware/terminal/courier.py",
        "            self._odd.append((source, reason, len(content), bytes(content[:_ODDITY_BYTES])))\n", "            pass\n",
        ("tests/both/test_aside.py",),
    ),
    Mutant(
        "what a terminal could not use goes before the centre has it", 4, "firmware/terminal/courier.py",
        '        elif name == "kept" and fields["digest"] == self._told[0]:\n', '        elif name == "kept":\n',
        ("tests/both/test_aside.py",),
    ),
    Mutant(
        "a spoiled slot is not kept", 4, "firmware/terminal/mount.py",
        "                self.spoiled = ring.slot(end)\n", "                pass\n", JOURNAL,
    ),
    Mutant(
        "the centre says kept before it is", 4, "central/writer.py",
        "            for job in jobs:\n                job.write(connection)\n",
        "            for job in jobs:\n                job.write(connection)\n                job.done and job.done()\n",
        ("tests/central/test_writer.py",),
    ),
    Mutant(
        "a batch that cannot be stored takes its group along", 4, "central/writer.py",
        "            for batch in batches:\n                self._alone([batch], None)\n            return\n",
        "            return\n",
        ("tests/central/test_writer.py",),
    ),
    Mutant(
        "a pass is sold without the centre", 6, "protocol/offers.py",
        'return self.online_only or (self.kind == "pass" and not used)', "return self.online_only",
        ("tests/central/test_same_verdict_by_kind.py",),
    ),
    Mutant(
        "what is booked is given without the centre", 6, "protocol/offers.py",
        'self.online_only = fields.get("online_only", False) or self.booked',
        'self.online_only = fields.get("online_only", False)',
        ("tests/central/test_same_verdict_by_kind.py",),
    ),
)  # fmt: skip
