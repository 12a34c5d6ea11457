"""The technician's bench: finding boards, talking to their boot loader and console, and writing what they need.

`link` and `console` are the two ways to a board: through its ROM loader (esptool), and through MicroPython's raw REPL
(mpremote). Everything a person sees of either is a `CheYouError`.
"""
