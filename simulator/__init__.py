"""A bench ESP32: stock MicroPython's surroundings as thin fakes, and models of what is soldered to its pins.

`simulator.board.BenchBoard` is the way in; docs/simulator.md says what is imitated and what is not.
"""
