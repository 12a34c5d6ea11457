"""DNS queries and answers, byte by byte."""

from raising import raises

from firmware.terminal.dns_message import address, query

ASKED = query("mqtt.example.com", 0x1234)


def answer(records, flags=b"\x81\x80", question=None, number=b"\x12\x34"):
    body = b""
    for kind, data in records:
        body += b"\xc0\x0c\x00" + bytes([kind]) + b"\x00\x01\x00\x00\x00\x3c\x00" + bytes([len(data)]) + data
    head = number + flags + b"\x00\x01\x00" + bytes([len(records)]) + b"\x00\x00\x00\x00"
    return head + (question or ASKED[12:]) + body


def test_query_bytes():
    assert ASKED == (b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04mqtt\x07example\x03com\x00\x00\x01\x00\x01")
    assert query("mqtt.example.com.", 0x1234) == ASKED


def test_no_host_names():
    for host in ("", ".", "a..b", "a" * 64, ".com"):
        assert raises(ValueError, query, host, 1), host


def test_address_directly_and_behind_aliases():
    assert address(answer([(1, b"\x0a\x00\x00\xff")]), ASKED) == "10.0.0.255"
    assert address(answer([(5, b"\x01b\xc0\x0c"), (28, bytes(16)), (1, b"\x01\x02\x03\x04")]), ASKED) == "1.2.3.4"
    # The answer's name written out instead of a pointer.
    plain = answer([]).replace(b"\x00\x01\x00\x00\x00\x00", b"\x00\x01\x00\x01\x00\x00")
    record = ASKED[12:-4] + b"\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x05\x06\x07\x08"
    assert address(plain + record, ASKED) == "5.6.7.8"


def test_not_an_answer_to_this():
    good = answer([(1, b"\x0a\x00\x00\x01")])
    assert address(answer([(1, b"\x0a\x00\x00\x01")], number=b"\x12\x35"), ASKED) is None
    assert address(answer([(1, b"\x0a\x00\x00\x01")], flags=b"\x01\x00"), ASKED) is None
    assert address(answer([(1, b"\x0a\x00\x00\x01")], question=ASKED[12:].replace(b"mqtt", b"mqtu")), ASKED) is None
    for size in range(len(good)):
        assert address(good[:size], ASKED) is None, size


def test_there_is_none():
    assert raises(OSError, address, answer([], flags=b"\x81\x83"), ASKED)
    assert raises(OSError, address, answer([]), ASKED)
    assert raises(OSError, address, answer([(28, bytes(16))]), ASKED)


def test_damaged_answers_end():
    good = bytearray(answer([(5, b"\x01b\xc0\x0c"), (1, b"\x0a\x00\x00\x01")]))
    for at in range(len(ASKED), len(good)):
        for value in (0, 1, 0x3F, 0x40, 0x7F, 0xC0, 0xFF):
            damaged = bytearray(good)
            damaged[at] = value
            try:
                found = address(damaged, ASKED)
                assert found is None or found.count(".") == 3
            except OSError:
                pass
