"""Code that is needed now and then: loaded when it is, and forgotten after, so that the heap holds what every customer needs."""

import sys


def load(name):
    """The module ``name`` (dotted)."""
    __import__(name)
    return sys.modules[name]


def drop(name):
    """Forget a module, if it was loaded; the collector takes its code once nobody uses it.

    None and not `del` alone: MicroPython's maps keep the value of a deleted key until its place is taken again.
    """
    if name not in sys.modules:
        return
    package, _, short = name.rpartition(".")
    if package:
        setattr(sys.modules[package], short, None)
    sys.modules[name] = None
    del sys.modules[name]
