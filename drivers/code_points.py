"""Characters as numbers: MicroPython keeps every string of one character that going through a text, or `chr`, makes for ever."""


def code_points(text):
    """The Unicode number of each character of ``text`` (RFC 3629)."""
    code = more = 0
    for byte in text.encode():
        if byte < 0x80:
            code, more = byte, 0
        elif byte < 0xC0:
            code, more = code << 6 | byte & 0x3F, more - 1
        else:
            more = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            code = byte & 0x3F >> more
        if not more:
            yield code


def encoded(code):
    """The UTF-8 bytes of a Unicode number up to U+FFFF."""
    if code < 0x80:
        return bytes((code,))
    if code < 0x800:
        return bytes((0xC0 | code >> 6, 0x80 | code & 0x3F))
    return bytes((0xE0 | code >> 12, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F))
