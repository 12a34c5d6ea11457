"""The two packets of SNTP (RFC 4330)."""

import struct

# Seconds from 1900 to 1970; the 32-bit field wraps in 2036 (section 3).
_EPOCHS_APART = 2_208_988_800


def question(nonce):
    """A question in version 4, mode 3 (client). Its transmit time comes back as originate time: ``nonce`` (8 bytes) serves."""
    return b"\x23" + bytes(39) + nonce


def answer_time(answer, nonce):
    """Unix seconds of a server's 48-byte ``answer`` to a question with ``nonce`` (8 bytes), None when it is not one."""
    if len(answer) != 48 or answer[0] & 7 != 4 or not 1 <= answer[1] <= 15 or answer[24:32] != nonce:
        return None
    seconds = struct.unpack(">I", answer[40:44])[0]
    if not seconds:
        return None
    return seconds - _EPOCHS_APART + (1 << 32 if seconds < 1 << 31 else 0)
