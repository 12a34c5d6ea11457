"""What the terminal sounds and lights. The patterns are data, told apart by rhythm and not by pitch or colour alone.

What they say also stands on the display: who hears badly, who sees no red, and who has turned the sound down, misses nothing.
"""

# Tones as (Hz, ms), 0 Hz is a pause.   valid: three short, rising · invalid: one long, low · ask: two alike · error: three short,
# low · saved: one short, high
LOUD = {
    "key": ((2400, 15),),
    "valid": ((1800, 70), (0, 40), (2200, 70), (0, 40), (2800, 120)),
    "invalid": ((440, 450),),
    "ask": ((1200, 90), (0, 90), (1200, 90)),
    "error": ((330, 80), (0, 50), (330, 80), (0, 50), (330, 80)),
    "saved": ((2800, 70),),
}
# For a quiet shop: no clicks, and the same rhythms in a few hundredths of a second.
QUIET = {
    "key": (),
    "valid": ((1800, 12), (0, 40), (2200, 12), (0, 40), (2800, 12)),
    "invalid": ((440, 60),),
    "ask": ((1200, 15), (0, 90), (1200, 15)),
    "error": ((330, 20), (0, 50), (330, 20), (0, 50), (330, 20)),
    "saved": (),
}
# (green, red), taking turns every second.   valid: green stays · invalid: red stays · ask: they take turns · error: red blinks
LIGHTS = {"valid": ((1, 0),), "invalid": ((0, 1),), "ask": ((1, 0), (0, 1)), "error": ((0, 1), (0, 0))}


class Signals:
    """``leds`` has ``green(on)`` and ``red(on)``, ``buzzer`` has ``play(pattern)``. Set ``quiet`` for `QUIET`."""

    def __init__(self, leds, buzzer):
        self._leds = leds
        self._buzzer = buzzer
        self.quiet = False
        self._lights = ((0, 0),)
        self._turn = 0

    def give(self, name):
        """Sound ``name``, and light it if it has lights; without, they stay as they are."""
        self._buzzer.play((QUIET if self.quiet else LOUD)[name])
        if name in LIGHTS:
            self._show(LIGHTS[name])

    def dark(self):
        """Both lights off."""
        self._show(((0, 0),))

    def tick(self):
        """A second has passed."""
        if len(self._lights) > 1:
            self._turn = (self._turn + 1) % len(self._lights)
            self._light()

    def _show(self, lights):
        self._lights = lights
        self._turn = 0
        self._light()

    def _light(self):
        green, red = self._lights[self._turn]
        self._leds.green(green)
        self._leds.red(red)
