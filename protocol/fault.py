"""The body of a ``fault`` message: what a terminal could not use and why, or the text of its failure.

    u32 length · u8 n · n bytes source · u8 m · m bytes reason · the first `MOST` of ``length`` bytes

Whatever is wrong with a body from outside, `MessageError` is all that comes out.
"""

import hashlib
import struct

from protocol.messages import MessageError, hex_of

MOST = 1000  # bytes that are kept: with the rest of the packet no more than a batch of records, which a heap has room for
CRASH = "crash"  # the source of a failure's text; other sources are names of messages, or of parts of the flash
_HEAD = "<I"
_HEAD_BYTES = 4
_TEXT = 40


def encode(source, reason, length, content):
    """The body; ``length`` is what there was of ``content`` before it was cut to `MOST`."""
    body = struct.pack(_HEAD, length)
    for text in (source, reason):
        text = text.encode()[:_TEXT]
        body += bytes((len(text),)) + text
    return body + content[:MOST]


def decode(body):
    """(source, reason, length, content) of a body."""
    if len(body) < _HEAD_BYTES:
        raise MessageError("told in %d bytes" % len(body))
    length = struct.unpack_from(_HEAD, body)[0]
    at = _HEAD_BYTES
    texts = []
    for _ in range(2):
        end = at + 1 + body[at] if at < len(body) else len(body) + 1
        if end > len(body) or end - at > _TEXT + 1:
            raise MessageError("its texts do not fit")
        # Sources and reasons are ours: anything else in them is shown as what it is not.
        texts.append("".join([chr(byte) if 32 <= byte < 127 else "?" for byte in body[at + 1 : end]]))
        at = end
    content = bytes(body[at:])
    if len(content) > MOST or length < len(content):
        raise MessageError("%d of %d bytes" % (len(content), length))
    return texts[0], texts[1], length, content


def digest(content):
    """What ``kept`` names it by: half of a SHA-256, in hexadecimal."""
    return hex_of(hashlib.sha256(content).digest()[:16])
