"""PINs, the supervisor's and the cashiers'. The centre keeps digests for the merchant; each of its terminals gets proofs of its
own, so that what one terminal's settings show opens no other. Four digits fall to trying them all wherever digest or proof leaks:
the terminal's growing pauses are what makes them worth something at the counter.
"""

from binascii import hexlify
from hashlib import sha256

from protocol.keys import derive, hmac_sha256

LEAST, MOST = 4, 12


def is_pin(text):
    """Whether ``text`` is 4 to 12 digits."""
    if not LEAST <= len(text) <= MOST:
        return False
    for character in text:
        if not "0" <= character <= "9":
            return False
    return True


def digest(merchant, pin):
    """The 32 bytes the centre keeps of a merchant's ``pin``."""
    return sha256(b"cheyou pin " + merchant.encode() + b" " + pin.encode()).digest()


def proof(key, merchant_digest):
    """What the settings of the terminal with the 32-byte ``key`` carry: 16 hexadecimal digits."""
    return hexlify(hmac_sha256(derive(key, b"pin"), merchant_digest)[:8]).decode()
