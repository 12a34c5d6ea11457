"""Opening many slots of one terminal at once.

`protocol.record.Sealer` opens one slot at a time, as the device does. The centre opens a batch with a single call into AES:
CBC decryption is ECB decryption followed by an XOR with the block before, so the cipher context can be kept per terminal.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from protocol.keys import derive, hmac_sha256, same
from protocol.record import BODY_BYTES, CHAIN_BYTES, SLOT_BYTES, Record, RecordError, Sealer, decode

_TAG_BYTES = 14
PURPOSES = {"records": b"journal", "refusals": b"refusal"}


class Opener:
    """Opens the slots of one stream (``records`` or ``refusals``) of the terminal with this 32-byte key.

    Not for use by two threads at once: the cipher context is shared between calls.
    """

    def __init__(self, key: bytes, stream: str) -> None:
        purpose = PURPOSES[stream]
        self._mac = derive(key, purpose + b"-mac")
        aes = algorithms.AES(derive(key, purpose + b"-enc")[:16])
        self._ecb = Cipher(aes, modes.ECB()).decryptor()
        self._sealer = Sealer(key, purpose)

    def genesis(self, epoch: int) -> bytes:
        """The 16-byte chain value before the first record of ``epoch``."""
        value: bytes = self._sealer.genesis(epoch)
        return value

    def open(self, slots: Sequence[bytes], chain: bytes) -> list[Record | RecordError]:
        """For each 64-byte slot its `Record`, or the `RecordError` that says why it is none; ``chain`` precedes the first."""
        joined = self._ecb.update(b"".join([slot[CHAIN_BYTES:] for slot in slots]))
        opened: list[Record | RecordError] = []
        for at, slot in enumerate(slots):
            body = _xor(joined[at * BODY_BYTES : (at + 1) * BODY_BYTES], slot[: SLOT_BYTES - CHAIN_BYTES])
            tag = hmac_sha256(self._mac, chain, slot[_TAG_BYTES:CHAIN_BYTES], body)
            try:
                if not same(tag[:_TAG_BYTES], slot[:_TAG_BYTES]):
                    raise RecordError("record does not follow its chain")
                opened.append(decode(body))
            except RecordError as error:
                opened.append(error)
            chain = slot[:CHAIN_BYTES]
        return opened


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "little") ^ int.from_bytes(b, "little")).to_bytes(BODY_BYTES, "little")
