"""socket as on the ESP32: addresses are (ip, port) tuples, and nothing gets out unless the station is joined.

Each connection runs through a relay of the host's, which delays, loses or cuts it. Error numbers are those of `errno`
here, which are Linux's, not the ESP32's. Not imitated: listening, IPv6, raw sockets, the small number of sockets, lwIP's
buffer sizes and retransmissions.
"""

import io

import uselect
import usocket
from usocket import AF_INET, SOCK_STREAM

from _bench import W, call

_LINK = const(4)
_GET_FILENO = const(10)
_CLOSE = const(4)
_POLL = const(3)

IPPROTO_TCP = 6
TCP_NODELAY = 1


class socket(io.IOBase):
    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0):
        self._s = usocket.socket(af, type)
        self._to = self._poll = None

    def _relay(self, op, to):
        if not W[_LINK]:
            raise OSError(113)  # EHOSTUNREACH
        self._to = to
        return usocket.getaddrinfo("127.0.0.1", call(op, to[1], 0, to[0].encode()))[0][4]

    def connect(self, to):
        self._s.connect(self._relay(40, to))

    def sendto(self, data, to):
        return self._s.sendto(data, self._relay(41, to))

    def recvfrom(self, n):
        return self._s.recvfrom(n)[0], self._to

    def ioctl(self, request, arg):
        if request == _GET_FILENO:
            return self._s.fileno()
        if request == _CLOSE:
            self._s.close()
        elif request == _POLL:  # asked by TLS, which stands between the socket and select
            if not self._poll:
                self._poll = uselect.poll()
            self._poll.register(self._s, arg)
            for _, ready in self._poll.ipoll(0):
                return ready
        return 0

    def __getattr__(self, name):
        return getattr(self._s, name)


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    if not host.replace(".", "").isdigit():
        try:
            host = call(42, 0, 0, host.encode()).decode()
        except OSError:
            raise OSError(-202)  # lwIP's EAI_FAIL
    return [(AF_INET, type or SOCK_STREAM, 0, "", (host, port))]


def __getattr__(name):
    return getattr(usocket, name)
