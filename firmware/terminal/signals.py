"""What the terminal sounds and lights. The patterns are data, told apart by rhythm and not by pitch or colour alone.

What they say also stands on the display: who hears badly, who sees no red, and who has turned the sound down, misses nothing.
"""

# Tones as (Hz, ms), 0 Hz is a pause.   valid: three short, rising · invalid: one long, low · ask: two alike · error: three short,
# low · saved: one short, high
SOUNDS = {
    "key": ((2400, 15),),
    "valid": ((1800, 72), (0, 40), (2200, 72), (0, 40), (2800, 120)),
    "invalid": ((440, 450),),
    "ask": ((1200, 90), (0, 90), (1200, 90)),
    "error": ((330, 84), (0, 50), (330, 84), (0, 50), (330, 84)),
    "saved": ((2800, 72),),
}
# A quiet shop hears the same rhythms, each tone so many times shorter, and does without clicks.
QUIET_SHARE = 6
QUIET_WITHOUT = ("key", "saved")
# (green, red), taking turns every second.   valid: green stays · invalid: red stays · ask: they take turns · error: red blinks
# once, then shines again what shone before: a wrong key says nothing of the customer
LIGHTS = {"valid": ((1, 0),), "invalid": ((0, 1),), "ask": ((1, 0), (0, 1)), "error": ((0, 1), (0, 0))}


class Signals:
    """``leds`` has ``green(on)`` and ``red(on)``, ``buzzer`` has ``play(pattern)``. Set ``quiet`` in a quiet shop."""

    def __init__(self, leds, buzzer):
        self._leds = leds
        self._buzzer = buzzer
        self.quiet = False
        self._lights = ((0, 0),)
        self._then = None  # after an error
        self._turn = 0

    def give(self, name):
        """Sound ``name``, and light it if it has lights; without, they stay as they are."""
        pattern = SOUNDS[name]
        if self.quiet:
            pattern = [(hz, ms // QUIET_SHARE if hz else ms) for hz, ms in pattern if name not in QUIET_WITHOUT]
        self._buzzer.play(pattern)
        if name in LIGHTS:
            then = self._then or self._lights
            self._show(LIGHTS[name])
            if name == "error":
                self._then = then

    def dark(self):
        """Both lights off."""
        self._show(((0, 0),))

    def tick(self):
        """A second has passed."""
        if len(self._lights) > 1:
            self._turn = (self._turn + 1) % len(self._lights)
            if self._then and self._turn == 0:
                return self._show(self._then)
            self._light()

    def _show(self, lights):
        self._lights = lights
        self._then = None
        self._turn = 0
        self._light()

    def _light(self):
        green, red = self._lights[self._turn]
        self._leds.green(green)
        self._leds.red(red)
