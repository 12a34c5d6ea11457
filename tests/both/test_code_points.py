"""Characters as numbers, of every length that UTF-8 has."""

from drivers.code_points import code_points, encoded

EDGES = [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF]
# Neighbours of different lengths, from all over Unicode; half of a surrogate pair is no character.
CODES = EDGES + [code for code in [n * 7919 % 0x110000 for n in range(2000)] if not 0xD800 <= code < 0xE000]


def test_a_text_gives_the_numbers_it_was_made_of():
    for length in (0, 1, 2, 3, len(CODES)):
        for at in range(0, len(CODES) - length + 1, max(1, length)):
            codes = CODES[at : at + length]
            assert list(code_points("".join([chr(code) for code in codes]))) == codes, codes


def test_a_number_gives_the_bytes_of_its_character():
    for code in CODES:
        if code <= 0xFFFF:
            assert encoded(code) == chr(code).encode(), code
