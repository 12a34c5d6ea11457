"""The buffer that umqtt takes for a socket."""

from firmware.terminal.memory_socket import Malformed, MemorySocket


def test_reads_what_was_put_and_no_more():
    line = MemorySocket()
    line.put(bytearray(b"abcdef"))
    assert line.read(1) == b"a" and line.read(0) == b"" and line.read(4) == b"bcde"
    for size in (2, -1, 1 << 28):
        try:
            line.read(size)
        except Malformed:
            continue
        raise AssertionError(size)
    assert line.read(1) == b"f"


def test_a_long_read_is_no_second_copy():
    packet = bytearray(600)
    line = MemorySocket()
    line.put(packet)
    topic, payload = line.read(255), line.read(256)
    packet[:] = b"\x01" * 600
    assert topic == bytes(255) and bytes(payload) == b"\x01" * 256


def test_writes_are_gathered():
    line = MemorySocket()
    line.write(b"\x10\x05\x00\x00", 2)
    line.write("topic")
    line.write(bytearray(b"x"))
    assert line.take() == b"\x10\x05topicx"
    assert line.take() == b""


def test_what_was_begun_when_memory_ran_out_is_no_part_of_the_next():
    line = MemorySocket()
    line.write(b"\x30\x20 a header without its payload")
    line.put(b"")
    line.write(b"\x30\x02ok")
    assert line.take() == b"\x30\x02ok"


def test_stands_for_the_socket_module_of_every_umqtt():
    line = MemorySocket()
    opened = line.socket()
    opened.settimeout(None)
    opened.connect(line.getaddrinfo("", 1883)[0][-1])
    opened.setblocking(True)
    opened.close()
    assert opened is line
