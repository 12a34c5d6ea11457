"""The REPL that a stock board goes on with after main.py: runs in MicroPython's unix port, which has no raw REPL.

After shared/runtime/pyexec.c of MicroPython 1.25: friendly prompt, raw REPL (Ctrl-A), raw paste (Ctrl-E A Ctrl-A), soft reset
(Ctrl-D). Ctrl-C comes as a signal. Not imitated: editing a line, history, completion, paste mode, and a soft reset that wipes
RAM: here it only forgets the modules that were imported since the start.
"""

import gc
import sys

_WINDOW = 256
_BANNER = "\r\nMicroPython v1.25.0 on the bench; ESP32 double\r\n"
_RAW = "raw REPL; CTRL-B to exit\r\n>"


class SoftReset(Exception):
    pass


def write(text):
    sys.stdout.write(text)


def read():
    byte = sys.stdin.buffer.read(1)
    if not byte:
        sys.exit()  # the bench is gone
    return byte


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
    it keeps the ``modules`` (names) that a board has in its firmware."""

    def __init__(self, names, restart, modules):
        self.names = names
        self.restart = restart
        self.modules = modules
        self.in_raw = False
        self.resetting = False

    def turn(self):
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

    def turns(self):
        while True:
            try:
                self.turn()
            except SoftReset:
                self.resetting = True

    def serve(self):
        # Ctrl-C can come at any jump, between two of these `try` as well: hence two of them.
        while True:
            try:
                while True:
                    try:
                        self.turns()
                    except KeyboardInterrupt:
                        pass
            except KeyboardInterrupt:
                pass


def serve(names, restart, modules):
    Prompt(names, restart, modules).serve()
