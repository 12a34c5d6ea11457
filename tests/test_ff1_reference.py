"""A plain transcription of FF1 from NIST SP 800-38G, checked against all nine of NIST's samples, as a yardstick for ours."""

from __future__ import annotations

import math

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from protocol.ff1 import FF1

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
KEY = "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94"
TEN = "39383736353433323130"
ELEVEN = "3737373770717273373737"
LONG = "0123456789abcdefghi"

# https://csrc.nist.gov/csrc/media/projects/cryptographic-standards-and-guidelines/documents/examples/ff1samples.pdf
SAMPLES = [
    # key bytes, radix, tweak, plain, cipher
    (16, 10, "", "0123456789", "2433477484"),
    (16, 10, TEN, "0123456789", "6124200773"),
    (16, 36, ELEVEN, LONG, "a9tv40mll9kdu509eum"),
    (24, 10, "", "0123456789", "2830668132"),
    (24, 10, TEN, "0123456789", "2496655549"),
    (24, 36, ELEVEN, LONG, "xbj3kv35jrawxv32ysr"),
    (32, 10, "", "0123456789", "6657667009"),
    (32, 10, TEN, "0123456789", "1001623463"),
    (32, 36, ELEVEN, LONG, "xs8a0azh2avyalyzuwd"),
]


def ff1_encrypt(key: bytes, radix: int, tweak: bytes, numerals: list[int]) -> list[int]:
    """Algorithm 7 of SP 800-38G, step by step."""

    def num(x: list[int]) -> int:
        value = 0
        for numeral in x:
            value = value * radix + numeral
        return value

    def string(value: int, length: int) -> list[int]:
        result = []
        for _ in range(length):
            value, numeral = divmod(value, radix)
            result.append(numeral)
        return result[::-1]

    def aes(block: bytes) -> bytes:
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)

    def prf(x: bytes) -> bytes:
        y = bytes(16)
        for at in range(0, len(x), 16):
            y = aes(bytes(a ^ b for a, b in zip(y, x[at : at + 16], strict=True)))
        return y

    n, t = len(numerals), len(tweak)
    u = n // 2
    v = n - u
    a, b = numerals[:u], numerals[u:]
    bytes_b = math.ceil(math.ceil(v * math.log2(radix)) / 8)
    d = 4 * math.ceil(bytes_b / 4) + 4
    p = bytes((1, 2, 1)) + radix.to_bytes(3, "big") + bytes((10, u % 256)) + n.to_bytes(4, "big") + t.to_bytes(4, "big")
    for i in range(10):
        q = tweak + bytes((-t - bytes_b - 1) % 16) + bytes((i,)) + num(b).to_bytes(bytes_b, "big")
        r = prf(p + q)
        s = r
        for j in range(1, math.ceil(d / 16)):
            s += aes(bytes(x ^ y for x, y in zip(r, j.to_bytes(16, "big"), strict=True)))
        y = int.from_bytes(s[:d], "big")
        m = u if i % 2 == 0 else v
        a, b = b, string((num(a) + y) % radix**m, m)
    return a + b


@pytest.mark.parametrize(("key_bytes", "radix", "tweak", "plain", "cipher"), SAMPLES)
def test_the_transcription_passes_every_sample_of_nist(key_bytes: int, radix: int, tweak: str, plain: str, cipher: str) -> None:
    key = bytes.fromhex(KEY)[:key_bytes]
    image = ff1_encrypt(key, radix, bytes.fromhex(tweak), [DIGITS.index(c) for c in plain])
    assert "".join(DIGITS[numeral] for numeral in image) == cipher


@given(
    key=st.binary(min_size=16, max_size=16),
    tweak=st.binary(max_size=40),
    digits=st.integers(6, 12),
    data=st.data(),
)
def test_ours_equals_the_transcription(key: bytes, tweak: bytes, digits: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 10**digits - 1))
    image = ff1_encrypt(key, 10, tweak, [int(c) for c in str(number).zfill(digits)])
    assert FF1(key, 10**digits, tweak).encrypt(number) == int("".join(map(str, image)))
