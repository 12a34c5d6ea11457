"""The service menu: what it shows of the journal, and a date that is keyed when nothing can be saved."""

from firmware.terminal import overlay, till
from firmware.terminal.journal import JournalFull
from firmware.terminal.menu import Menu
from protocol import pin

TILL = till.Till  # other tests put theirs in its place
KEY = bytes(32)
DATE = "202612011432"


class Lists:
    def now(self):
        return 5, 3600, 1000

    def is_past(self, stage, age):
        return False


class Stand:
    """The terminal, its clock, settings, journal, courier and screens, as far as the menu asks them."""

    merchant_id = "M"
    source = 0
    version = "0.1.0"
    sequence = 143
    waiting = 0
    second = cashier = 0
    training = None
    level = damaged = forks = 0
    boot = sessions = 1
    cause = fault = None
    connected = True
    name = "T0001"

    def __init__(self, error=None):
        till.Till = TILL
        overlay.drop = lambda *names: None  # others hold on to these modules
        self.key = KEY
        self.wrong_pins = [0, 0, 0, 0]
        self.pin = pin.proof(KEY, pin.digest("M", "1234"))
        self.screens = self.clock = self.settings = self.journal = self.refusals = self.courier = self.wifi = self
        self.uplink = self
        self.lists = Lists()
        self.error = error
        self.shown = None
        self.saved = []

    def show(self, name, **fields):
        self.shown = name, fields

    def word(self, name):
        return name

    def online(self):
        return True

    def rssi(self):
        return -60

    def last(self, count):
        return iter(())

    def now(self):
        return 1796106720

    def set_by_supervisor(self, time):
        return True

    def append(self, record):
        if self.error:
            raise self.error
        self.saved.append(record)

    def wake(self):
        pass


def press(menu, keys):
    for key in keys:
        menu.key(key)


def test_how_many_of_how_many_are_received():
    stand = Stand()
    menu = Menu(stand)
    press(menu, "#####")
    assert stand.shown == ("status_received", {"received": 143, "sequence": 143})
    stand.waiting = 3
    menu.tick()
    assert stand.shown[1]["received"] == 140
    stand.waiting = 200  # of an earlier epoch, too
    menu.tick()
    assert stand.shown[1]["received"] == 0
    press(menu, "#")
    assert stand.shown[0] == "service_keys"
    press(menu, "#")
    assert stand.shown[0] == "status_network"


def test_a_date_is_a_record():
    stand = Stand()
    press(Menu(stand), "01234#" + DATE + "#")
    assert stand.shown[0] == "date_set"
    assert len(stand.saved) == 1


def test_a_date_that_cannot_be_recorded_says_so():
    for error, words in ((JournalFull("full"), "full"), (OSError(5), "not_saved")):
        stand = Stand(error)
        menu = Menu(stand)
        press(menu, "01234#" + DATE + "#")
        assert stand.shown[0] == words
        menu.leave()
