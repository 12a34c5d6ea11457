"""A DNS query for an IPv4 address and its answer (RFC 1035, section 4)."""

# Type A, class IN.
_A_IN = b"\x00\x01\x00\x01"


def query(host, number):
    """The message that asks for `host`, with a 16-bit number that only the answer's sender should know."""
    # Recursion desired; one question.
    message = bytearray(b"\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    message[0] = number >> 8
    message[1] = number & 0xFF
    for label in host.encode().rstrip(b".").split(b"."):
        if not 0 < len(label) < 64:
            raise ValueError("not a host name")
        message.append(len(label))
        message.extend(label)
    message.extend(b"\x00" + _A_IN)
    return bytes(message)


def address(answer, asked):
    """The address in an answer, as text; None when it is no answer to what was asked. OSError when it says there is none.

    The first address counts, whatever aliases (CNAME) lead to it.
    """
    try:
        end = len(asked)
        if answer[:2] != asked[:2] or answer[2] & 0xF8 != 0x80 or answer[4:6] != b"\x00\x01" or answer[12:end] != asked[12:]:
            return None
        if answer[3] & 15:
            raise OSError("no such name")
        at = end
        for _ in range(answer[6] << 8 | answer[7]):
            while answer[at] and answer[at] < 0xC0:
                at += answer[at] + 1
            # A name ends with a zero byte or a two-byte pointer.
            at += 2 if answer[at] else 1
            size = answer[at + 8] << 8 | answer[at + 9]
            data = answer[at + 10 : at + 10 + size]
            if answer[at : at + 4] == _A_IN and len(data) == 4:
                return ".".join([str(byte) for byte in data])
            at += 10 + size
    except IndexError:
        return None
    if at > len(answer):
        return None
    raise OSError("name has no address")
