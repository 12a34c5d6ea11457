"""select in virtual time: what is ready is reported at once; else time leaps to the end of the wait.

Not imitated: waiting for a socket that becomes ready later, which virtual time is not for.
"""

import uselect
from time import advance, sleep_ms
from uselect import *


class poll:
    def __init__(self):
        self._poll = uselect.poll()
        self.register = self._poll.register
        self.unregister = self._poll.unregister
        self.modify = self._poll.modify

    def poll(self, timeout=-1):
        ready = self._poll.poll(0)
        if not ready and timeout:
            sleep_ms(timeout) if timeout > 0 else advance(-1)
            ready = self._poll.poll(0)
        return ready

    def ipoll(self, timeout=-1, flags=0):
        return iter(self.poll(timeout))
