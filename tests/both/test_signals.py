"""Sound and light: distinct patterns, a quiet mode, and nothing by colour alone."""

from firmware.terminal.signals import LIGHTS, QUIET_WITHOUT, SOUNDS, Signals


class Front:
    def __init__(self):
        self.lit = None
        self.played = []
        self._green = 0

    def green(self, on):
        self._green = on

    def red(self, on):
        self.lit = (self._green, on)

    def play(self, pattern):
        self.played.append(pattern)


def rhythm(pattern):
    """A pattern without its pitches: what is left for who cannot tell them apart, as (tones, longest tone is long)."""
    tones = [ms for hz, ms in pattern if hz]
    return len(tones), max(tones) > 200 if tones else False


def rising(pattern):
    pitches = [hz for hz, ms in pattern if hz]
    return pitches == sorted(pitches) and len(set(pitches)) > 1


def test_verdicts_have_rhythms_of_their_own():
    kinds = ("valid", "invalid", "ask", "saved")
    assert len(set(rhythm(SOUNDS[kind]) for kind in kinds)) == len(kinds)
    assert rising(SOUNDS["valid"]) and not rising(SOUNDS["error"]), "the two of three tones differ by rise and by pitch"
    assert min(hz for hz, ms in SOUNDS["valid"] if hz) > 4 * max(hz for hz, ms in SOUNDS["error"] if hz)


def quiet(name):
    front = Front()
    signals = Signals(front, front)
    signals.quiet = True
    signals.give(name)
    return front.played[0]


def test_quiet_says_the_same_in_less():
    for name in SOUNDS:
        assert sum(ms for hz, ms in SOUNDS[name]) <= 500, "the next key must not wait for a tune"
        heard = quiet(name)
        assert sum(ms for hz, ms in heard if hz) <= 80, name
        assert [hz for hz, ms in heard] == [hz for hz, ms in SOUNDS[name]] or name in QUIET_WITHOUT
        assert not [ms for hz, ms in heard if hz and ms < 10], "the buzzer counts in steps of 10 ms"
    assert not quiet("key") and not quiet("saved")


def test_lights_differ_from_each_other():
    assert len(set(LIGHTS.values())) == len(LIGHTS)


def test_signals_are_given_once_and_lights_take_turns():
    front = Front()
    signals = Signals(front, front)
    signals.give("valid")
    assert front.played == [SOUNDS["valid"]] and front.lit == (1, 0)
    signals.tick()
    assert front.lit == (1, 0)
    signals.give("key")
    assert front.lit == (1, 0), "a key's click changes no light"
    signals.give("ask")
    seen = [front.lit]
    for _ in range(3):
        signals.tick()
        seen.append(front.lit)
    assert seen == [(1, 0), (0, 1), (1, 0), (0, 1)]
    signals.give("error")
    signals.tick()
    assert front.lit == (0, 0)
    signals.dark()
    for name, before in (("valid", (1, 0)), ("invalid", (0, 1)), (None, (0, 0))):
        signals.give(name) if name else signals.dark()
        signals.give("error")
        signals.give("error")
        seen = []
        for _ in range(4):
            seen.append(front.lit)
            signals.tick()
        assert seen == [(0, 1), (0, 0), before, before], "a wrong key says nothing of the customer"
    signals.dark()
    assert front.lit == (0, 0)
    signals.tick()
    assert front.lit == (0, 0)


def test_lights_stay_in_quiet_mode():
    front = Front()
    signals = Signals(front, front)
    signals.quiet = True
    signals.give("invalid")
    assert front.lit == (0, 1)
