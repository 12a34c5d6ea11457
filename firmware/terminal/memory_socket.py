"""A socket that is a buffer: what umqtt.simple reads was put there, what it writes is taken from there. It cannot block."""

_LONG = 256


class Malformed(Exception):
    """A packet that is not what its length says."""


class MemorySocket:
    """Stands for umqtt's socket and, since umqtt opens its own, for the `socket` module too."""

    def __init__(self):
        self._input = b""
        self._at = 0
        self._output = bytearray()

    def put(self, packet):
        """What the next reads shall find. What was half written when memory ran out is no part of what comes next."""
        self._output = bytearray()
        self._input = memoryview(packet)
        self._at = 0

    def take(self):
        """All that was written since the last time, in one piece: it goes out in one send."""
        output = self._output
        self._output = bytearray()
        self._input = b""  # memory for the next packet
        return output

    # The module's part.

    def socket(self, *_):
        return self

    def getaddrinfo(self, host, port, *_):
        return [(0, 0, 0, "", (host, port))]

    # The socket's part.

    def connect(self, *_):
        pass

    setblocking = settimeout = close = connect

    def read(self, size):
        # umqtt subtracts lengths it was sent without looking: a short packet ends here, not in a wrong topic.
        end = self._at + size
        if size < 0 or end > len(self._input):
            raise Malformed("short packet")
        data = self._input[self._at : end]
        self._at = end
        # No topic is as long; of a long payload there is no room for a second one.
        return data if size >= _LONG else bytes(data)

    def write(self, data, size=None):
        if isinstance(data, str):
            data = data.encode()
        self._output.extend(data if size is None else data[:size])
