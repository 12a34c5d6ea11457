"""The technician's bench: finding boards, talking to their boot loader and console, and writing what they need.

`link` and `console` are the two ways to a board: through its ROM loader (esptool), and through MicroPython's raw REPL
(mpremote). Everything a person sees of either is a `CheYouError`.
"""

# Before anything imports esptool: parts of it keep the logger that is installed at that moment.
from host_tools.flash import esptool_log as _esptool_log

_esptool_log.install()
