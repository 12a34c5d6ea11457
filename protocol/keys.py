"""One 32-byte key a terminal, a derived key for each use; HMAC-SHA256 (RFC 2104, FIPS 198-1), which MicroPython lacks."""

from hashlib import sha256

try:  # CPython has both in C: the centre opens thousands of records a second with them
    from hmac import compare_digest, digest
except ImportError:
    compare_digest = digest = None

KEY_BYTES = 32
_BLOCK = 64


def hmac_sha256(key, *parts):
    """The 32-byte HMAC-SHA256 of the concatenated ``parts`` (bytes-like) under ``key`` (bytes)."""
    return hmac_of(key, parts)


def hmac_of(key, parts):
    """The same for what comes piece by piece: ``parts`` is any iterable."""
    if digest:
        return digest(key, b"".join(parts), "sha256")
    if len(key) > _BLOCK:
        key = sha256(key).digest()
    key = key + bytes(_BLOCK - len(key))
    inner = sha256(bytes(b ^ 0x36 for b in key))
    for part in parts:
        inner.update(part)
    outer = sha256(bytes(b ^ 0x5C for b in key))
    outer.update(inner.digest())
    return outer.digest()


def derive(key, label):
    """The 32-byte key for one use of a terminal's ``key``; ``label`` (bytes) names the use."""
    return hmac_sha256(key, label)


def same(a, b):
    """Whether two tags are equal, in a time that does not tell where they differ."""
    if compare_digest:
        return compare_digest(a, b)
    if len(a) != len(b):
        return False
    difference = 0
    for x, y in zip(a, b):
        difference |= x ^ y
    return difference == 0
