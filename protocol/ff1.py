"""FF1, the format-preserving encryption of NIST SP 800-38G, radix 10 under AES-128: the member list stores its images.

Ten AES blocks a call and walk.
"""

try:
    from cryptolib import aes

    _ECB = 1

    def _block_cipher(key):
        return aes(key, _ECB).encrypt

except ImportError:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def _block_cipher(key):
        update = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update

        def encrypt(block, out):
            out[:] = update(bytes(block))

        return encrypt


class FF1:
    """A keyed permutation of the integers below ``size`` (≤ 10^12); ``key``: 16 bytes · ``tweak``: bytes. `ValueError` beyond.

    FF1 itself permutes the integers of so many decimal digits, 6 at least; for another ``size`` cycle-walking restricts it:
    encrypt again until the image is below ``size``.
    """

    def __init__(self, key, size, tweak=b""):
        digits = 6
        while 10**digits < size:
            digits += 1
        if digits > 12:
            raise ValueError("FF1 of %d digits" % digits)
        left = digits // 2
        right = digits - left
        self._left = 10**left
        self._right = 10**right
        self._end = divmod(size, self._right)
        self._encrypt = encrypt = _block_cipher(key)
        self._out = out = bytearray(16)
        # SP 800-38G, algorithm 7: b = bytes of the right half; P and all of Q but its last b + 1 bytes are the same in
        # every round, so they are encrypted once. With at most 6 digits a half, d = 8: S is the first half of R.
        width = 2 if right < 5 else 3
        constant = bytes((1, 2, 1, 0, 0, 10, 10, left, 0, 0, 0, digits)) + len(tweak).to_bytes(4, "big")
        constant += tweak + bytes((-len(tweak) - width - 1) % 16 + width + 1)
        self._block = block = bytearray(16)
        for at in range(0, len(constant), 16):
            for i in range(16):
                block[i] = out[i] ^ constant[at + i]
            if at + 16 < len(constant):
                encrypt(block, out)
        self._round_at = 15 - width
        self._tail = bytes((block[15 - width], block[13], block[14], block[15]))
        self._weights = tuple(256**i % self._right for i in range(7, -1, -1))

    def encrypt(self, number):
        """The image of ``number`` (0 ≤ number < size), in the same range."""
        block = self._block
        out = self._out
        encrypt = self._encrypt
        round_base, t13, t14, t15 = self._tail
        w0, w1, w2, w3, w4, w5, w6, w7 = self._weights
        round_at = self._round_at
        left = self._left
        right = self._right
        end_a, end_b = self._end
        # The halves, unlike the number, are small integers: nothing is allocated however long the walk.
        a = number // right
        b = number % right
        while True:
            modulus = left
            for i in range(10):
                block[13] = t13 ^ b >> 16
                block[14] = t14 ^ b >> 8 & 255
                block[15] = t15 ^ b & 255
                block[round_at] = round_base ^ i  # after byte 13, which is the round's own when a half fits two bytes
                encrypt(block, out)
                # S modulo the half, byte by byte weighed: the 64-bit S itself would be allocated.
                s = out[0] * w0 + out[1] * w1 + out[2] * w2 + out[3] * w3 + out[4] * w4 + out[5] * w5 + out[6] * w6 + out[7] * w7
                a, b = b, (a + s) % modulus
                modulus = right if modulus == left else left
            if a < end_a or (a == end_a and b < end_b):
                return a * right + b
