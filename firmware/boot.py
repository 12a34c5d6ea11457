"""Runs first: puts the live application slot on the path. `/slot` names it (`a` or `b`); without the file it is `a`."""

import sys

try:
    with open("/slot") as file:
        slot = file.read(1)
except OSError:
    slot = "a"
sys.path.insert(0, "/b" if slot == "b" else "/a")
