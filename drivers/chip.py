"""The chip itself: which one it is, and why it started."""

import machine


def mac():
    """Its MAC address, which no other has, as bytes."""
    return machine.unique_id()


def reset_cause():
    """Why it last started, in MicroPython's numbers for the ESP32: 1 power, 2 reset, 3 watchdog, 4 deep sleep, 5 soft reset."""
    return machine.reset_cause()
