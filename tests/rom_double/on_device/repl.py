"""The REPL that a stock board goes on with after main.py: runs in MicroPython's unix port, which has no raw REPL.

After shared/runtime/pyexec.c of MicroPython 1.25: friendly prompt, raw REPL (Ctrl-A), raw paste (Ctrl-E A Ctrl-A), soft reset
(Ctrl-D). Not imitated: editing a line, history, completion, paste mode, a soft reset that wipes RAM (here it only forgets the
modules that were imported since the start), and Ctrl-C into code that neither waits nor runs an asyncio loop: the unix port
would raise it in the midst of anything, its own memory management included, so here `CtrlC` looks for it where firmware waits.
"""

import gc
import select
import sys

_WINDOW = 256
_BANNER = "\r\nMicroPython v1.25.0 on the bench; ESP32 double\r\n"
_RAW = "raw REPL; CTRL-B to exit\r\n>"


class SoftReset(Exception):
    pass


def write(text):
    sys.stdout.write(text)


_waiting = select.poll()
_waiting.register(sys.stdin, select.POLLIN)
_unread = []


def read():
    if _unread:
        return _unread.pop(0)
    byte = sys.stdin.buffer.read(1)
    if not byte:
        sys.exit()  # the bench is gone
    return byte


def heed_ctrl_c():
    """Take what has been typed; Ctrl-C is a KeyboardInterrupt, the rest is kept for whoever reads."""
    while _waiting.poll(0):
        byte = sys.stdin.buffer.read(1)
        if not byte:
            sys.exit()
        if byte == b"\x03":
            raise KeyboardInterrupt
        _unread.append(byte)


class CtrlC:
    """A `select` whose polls heed Ctrl-C every 20 ms: asyncio waits there."""

    POLLIN, POLLOUT, POLLERR, POLLHUP = select.POLLIN, select.POLLOUT, select.POLLERR, select.POLLHUP

    class poll:
        def __init__(self):
            self._poll = poll = _real_poll()
            self.register, self.unregister, self.modify = poll.register, poll.unregister, poll.modify

        def poll(self, ms=-1):
            while True:
                heed_ctrl_c()
                turn = ms if 0 <= ms < 20 else 20
                ready = self._poll.poll(turn)
                if ready or turn == ms:
                    return ready
                if ms > 0:
                    ms -= turn

        def ipoll(self, ms=-1, flags=0):
            return iter(self.poll(ms))


_real_poll = select.poll


def execute(code, names, at_prompt):
    """Run what was sent; in raw mode stdout and the traceback each end with Ctrl-D."""
    try:
        if at_prompt:
            try:
                value = eval(code, names)  # noqa: S307
                if value is not None:
                    print(repr(value))
            except SyntaxError:
                exec(code, names)  # noqa: S102
        else:
            exec(code, names)  # noqa: S102
        end = None
    except SystemExit:
        raise SoftReset
    except BaseException as e:
        end = e
    if not at_prompt:
        write("\x04")
    if end is not None:
        sys.print_exception(end)
    if not at_prompt:
        write("\x04")
    gc.collect()


def pasted():
    """A command in raw paste mode: the sender may have one window on its way, and gets another for each one taken."""
    write("R\x01" + chr(_WINDOW & 0xFF) + chr(_WINDOW >> 8) + "\x01")
    code = bytearray()
    while True:
        byte = read()
        if byte == b"\x04":
            write("\x04")
            return code
        code += byte
        if len(code) % _WINDOW == 0:
            write("\x01")


def raw(names):
    write(_RAW)
    code = bytearray()
    while True:
        byte = read()
        if byte == b"\x01" and code[:1] != b"\x05":
            code = bytearray()
            write(_RAW)
        elif byte == b"\x02":
            return
        elif byte == b"\x03":
            code = bytearray()
        elif byte == b"\x01" and code == b"\x05A":
            code = bytearray()
            execute(bytes(pasted()), names, False)
            write(">")
        elif byte == b"\x04":
            write("OK")
            if not code:
                write("\r\n")
                raise SoftReset
            source, code = bytes(code), bytearray()
            execute(source, names, False)
            write(">")
        elif byte != b"\r" or code:
            code += byte


def friendly(names):
    """True when it is left for the raw REPL."""
    write(_BANNER + ">>> ")
    line = bytearray()
    while True:
        byte = read()
        if byte == b"\x01":
            return
        if byte == b"\x02":
            write(_BANNER + ">>> ")
            line = bytearray()
        elif byte == b"\x03":
            write("\r\n>>> ")
            line = bytearray()
        elif byte == b"\x04":
            raise SoftReset
        elif byte == b"\r":
            write("\r\n")
            if line:
                execute(bytes(line), names, True)
            line = bytearray()
            write(">>> ")
        else:
            line += byte
            write(byte.decode())


def forget(names, modules):
    for name in list(sys.modules):
        if name not in modules:
            del sys.modules[name]
    names.clear()
    names["__name__"] = "__main__"
    gc.collect()


class Prompt:
    """For ever. ``restart(main)`` is what a soft reset does before the prompt comes back, told whether main.py is to run;
    it keeps the ``modules`` (names) that a board has in its firmware. ``boot()`` comes first of all."""

    def __init__(self, names, restart, modules, boot):
        self.boot = boot
        self.names = names
        self.restart = restart
        self.modules = modules
        self.in_raw = False
        self.resetting = False

    def turn(self):
        if self.boot:
            boot, self.boot = self.boot, None
            boot()
        if self.resetting:
            write("MPY: soft reboot\r\n")
            forget(self.names, self.modules)
            self.resetting = False
            self.restart(not self.in_raw)
        if self.in_raw:
            raw(self.names)
            self.in_raw = False
        else:
            friendly(self.names)
            self.in_raw = True

    def serve(self):
        while True:
            try:
                self.turn()
            except SoftReset:
                self.resetting = True
            except KeyboardInterrupt:
                pass


def serve(names, restart, modules, boot=None):
    Prompt(names, restart, modules, boot).serve()
