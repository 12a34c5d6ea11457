"""Language and sound, chosen at the terminal; and the network in words."""

import json
import os

from firmware.terminal import overlay
from firmware.terminal.desk import IDLE_AFTER_S, LEAVE
from firmware.terminal.health import network
from firmware.terminal.network_page import NetworkPage
from firmware.terminal.preferences import Preferences
from firmware.terminal.screens import Screens
from firmware.terminal.signals import Signals
from protocol import pin
from protocol.diagnosis import BROKER, WIFI

PATH = "/tmp/cheyou-preferences-test"
KEY = bytes(32)


class Front:
    """Glass, lamps and buzzer."""

    def glyphs(self, bitmap):
        pass

    def show(self, rows):
        self.rows = rows

    def green(self, on):
        pass

    red = play = green


class Words:
    """Stands for the packed texts: the same names, straight from the source."""

    languages = ["en", "zh"]

    def __init__(self):
        self.use("en")

    def use(self, language):
        with open("firmware/texts/%s.json" % language) as file:
            self._groups = json.load(file)
        self.language = language

    def bitmap(self, number):
        pass

    def local(self, name):
        return name

    def rows(self, name):
        group, name = name.split("/")
        found = self._groups[group][name]
        return found if group != "words" else [found]


class Terminal:
    merchant_id = "SHOP"
    second = 0
    fault = cause = None
    sessions = 0

    def __init__(self):
        self.front = Front()
        self.screens = Screens(self.front, Words())
        self.signals = Signals(self.front, self.front)
        self.settings = self.wifi = self.uplink = self
        self.key = KEY
        self.wrong_pins = [0, 0, 0, 0]
        self.pin = pin.proof(KEY, pin.digest("SHOP", "246810"))
        self.connected = lambda: False
        self.dbm = None

    def name(self):
        return "Shop-WiFi"

    def rssi(self):
        return self.dbm


def page(terminal):
    overlay.drop = lambda *names: None  # what the tests hold has to stay
    try:
        os.remove(PATH)
    except OSError:
        pass
    return Preferences(terminal, PATH)


def kept():
    try:
        with open(PATH) as file:
            return file.read()
    except OSError:
        return None


def press(page, keys):
    for key in keys:
        left = page.key(key)
    return left


def test_nothing_is_chosen_without_the_pin():
    terminal = Terminal()
    made = page(terminal)
    press(made, "12")
    assert terminal.front.rows[0] == "Supervisor PIN?"
    press(made, "#")
    made.tick()
    assert terminal.front.rows[0] == "PIN wrong"
    made.leave()
    assert terminal.screens.texts.language == "en" and not terminal.signals.quiet and kept() is None


def test_language_and_sound_count_at_once_and_are_kept():
    terminal = Terminal()
    made = page(terminal)
    press(made, "246810#")
    assert terminal.front.rows == ["1Lang English", "2Sound full  *ok"]
    press(made, "1")
    assert terminal.front.rows[0] == "1语言 中文"
    press(made, "2")
    assert terminal.signals.quiet and kept() is None
    made.tick()
    made.tick()
    assert kept() == "zh quiet"
    press(made, "1")
    assert press(made, "*") == LEAVE
    made.leave()
    assert kept() == "en quiet"


def test_a_page_that_nobody_touches_is_left():
    for made in (page(Terminal()), NetworkPage(Terminal())):
        for _ in range(IDLE_AFTER_S - 1):
            assert made.tick() != LEAVE
        assert made.tick() == LEAVE


def test_what_cannot_be_kept_counts_until_the_next_start():
    terminal = Terminal()
    made = Preferences(terminal, "/no/such/folder/preferences")
    press(made, "246810#1")
    made.leave()
    assert terminal.screens.texts.language == "zh"


def test_every_state_of_the_network_has_a_word():
    for state in ["net_" + name for name in WIFI] + ["centre_" + name for name in BROKER if name != "ok"]:
        assert Words().rows("words/" + state)[0], state


def test_the_nearest_obstacle_is_named():
    terminal = Terminal()
    terminal.cause = 202
    NetworkPage(terminal)
    assert terminal.front.rows == ["Shop-WiFi     --", "Wrong Wi-Fi key"]
    terminal.cause = 201
    assert network(terminal, terminal) == "net_no_network"

    class Uplink:
        connected = False
        fault = ("opening", "ECONNREFUSED")
        sessions = 0

    joined, uplink = Terminal(), Uplink()
    joined.connected = lambda: True
    assert network(joined, uplink) == "centre_unreachable"
    uplink.connected = True
    joined.dbm = -85
    assert network(joined, uplink) == "net_weak"
    joined.dbm = -61
    assert network(joined, uplink) == "net_ok"
