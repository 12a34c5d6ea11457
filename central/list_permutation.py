"""FF1 (NIST SP 800-38G) over whole arrays: the centre's half of `protocol.ff1`, one AES call a round for all numbers."""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
_CHUNK = 1 << 17  # numbers a pass: its 2 MB of AES blocks stay in the processor's cache


class Permutation:
    """The keyed permutation of ``0..size-1``; ``key``: 16 bytes. `ValueError` when ``size`` is above 10^12."""

    def __init__(self, key: bytes, size: int) -> None:
        self._size = size
        self._digits = max(6, len(str(size - 1)))
        if self._digits > 12:
            raise ValueError(f"FF1 of {self._digits} digits")
        self._left = self._digits // 2
        self._right = self._digits - self._left
        self._width = 2 if self._right < 5 else 3
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        head = bytes((1, 2, 1, 0, 0, 10, 10, self._left)) + self._digits.to_bytes(4, "big") + bytes(4)
        self._constant = np.frombuffer(self._aes.update(head), np.uint8)

    def place(self, values: Numbers) -> Numbers:
        """The images of ``values`` (each below the size), by cycle-walking."""
        result = np.empty(len(values), np.uint64)
        for start in range(0, len(values), _CHUNK):
            result[start : start + _CHUNK] = self._walk(values[start : start + _CHUNK])
        return result

    def _walk(self, values: Numbers) -> Numbers:
        result = self._encrypt(values)
        beyond = np.flatnonzero(result >= self._size)
        while len(beyond):
            again = self._encrypt(result[beyond])
            result[beyond] = again
            beyond = beyond[again >= self._size]
        return result

    def _encrypt(self, values: Numbers) -> Numbers:
        moduli = (np.uint64(10**self._left), np.uint64(10**self._right))
        a, b = np.divmod(values, moduli[1])
        blocks = np.empty((len(values), 16), np.uint8)
        blocks[:] = self._constant
        # The last four bytes of Q as one word: the round in the byte before NUM(B).
        words = blocks.view(">u4")[:, 3]
        tail = np.uint64(int.from_bytes(self._constant[12:].tobytes(), "big"))
        for i in range(10):
            words[:] = tail ^ b ^ np.uint64(i << 8 * self._width)
            s = np.frombuffer(self._aes.update(blocks.data), ">u8")[::2].astype(np.uint64)
            modulus = moduli[i % 2]
            a, b = b, (a + s % modulus) % modulus
        return a * moduli[1] + b
