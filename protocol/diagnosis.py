"""The 12-digit code of the service menu: a terminal's state, short enough to be read out over the phone.

Eleven digits are one number, its fields laid one over the other (mixed radix, in the order of `FIELDS`); the twelfth is the check
digit of ISO/IEC 7064 MOD 11,10, which finds every wrong digit and nearly every swapped pair. `code` runs on the terminal,
`facts_of` at the help desk.
"""

VERSION = 1

# One text each: MicroPython would keep every name for ever that stands for itself.
WIFI = tuple("ok weak not_joined no_network wrong_password refused no_answer no_address".split())
BROKER = tuple("ok never lost refused unreachable no_name".split())
CLOCK = tuple("unset centre network chip supervisor floor".split())
LIST = tuple("ok none old too_old damaged other_month".split())
JOURNAL = tuple("empty some half warning full damaged foreign fork".split())
FLASH = tuple("ok retried failing".split())
FAULT = tuple(
    "none watchdog brownout power memory flash_write flash_read settings list_file journal_mount display clock_chip radio"
    " name_server connection protocol program".split()
)

# (name, how many values); of a version three numbers below 8, 32 and 32
FIELDS = (
    ("format", 4), ("wifi", len(WIFI)), ("broker", len(BROKER)), ("clock", len(CLOCK)), ("list", len(LIST)),
    ("journal", len(JOURNAL)), ("flash", len(FLASH)), ("version", 8192), ("fault", 32),
)  # fmt: skip
DIGITS = 12


class CodeError(ValueError):
    """No code of ours, or one misheard."""


def code(wifi, broker, clock, list, journal, flash, version, fault):
    """The 12 digits (str). All but ``version`` (text, ``1.4.2``) are names from the tables above."""
    values = (
        VERSION, _index(WIFI, wifi), _index(BROKER, broker), _index(CLOCK, clock), _index(LIST, list), _index(JOURNAL, journal),
        _index(FLASH, flash), _packed(version), _index(FAULT, fault),
    )  # fmt: skip
    number = 0
    for at in range(len(FIELDS) - 1, -1, -1):
        number = number * FIELDS[at][1] + values[at]
    digits = "%011d" % number
    return digits + _check(digits)


def facts_of(digits):
    """The fields (dict) of a code as it was heard, spaces and hyphens allowed; `CodeError` when a digit must be wrong."""
    digits = digits.replace(" ", "").replace("-", "")
    if len(digits) != DIGITS or not all("0" <= digit <= "9" for digit in digits):  # isdigit() takes a superscript for one
        raise CodeError("the code has 12 digits")
    if _check(digits[:-1]) != digits[-1]:
        raise CodeError("a digit is wrong")
    number = int(digits[:-1])
    values = {}
    for name, size in FIELDS:
        values[name] = number % size
        number //= size
    if number or values["format"] != VERSION:
        raise CodeError("not a code of this version")
    tables = {"wifi": WIFI, "broker": BROKER, "clock": CLOCK, "list": LIST, "journal": JOURNAL, "flash": FLASH, "fault": FAULT}
    for name in tables:
        if values[name] >= len(tables[name]):
            raise CodeError("not a code of this version")
        values[name] = tables[name][values[name]]
    version = values["version"]
    values["version"] = "%d.%d.%d" % (version >> 10, version >> 5 & 31, version & 31)
    return values


def wifi_state(cause, rssi):
    """The name in `WIFI` for a station: ``rssi`` in dBm while joined, else None and the `WLAN.status()` code of the last try.

    A cable has no signal: its `cause` is 0 while it carries.
    """
    if rssi is not None:
        return "weak" if rssi < -80 else "ok"
    causes = {
        0: "ok",
        201: "no_network",
        202: "wrong_password",
        203: "refused",
        204: "wrong_password",
        1001: "no_answer",
        1010: "no_address",
    }
    return causes.get(cause, "not_joined")


def broker_state(connected, fault, sessions):
    """The name in `BROKER`: ``fault`` is (what the uplink was at, why it failed) or None, ``sessions`` counts connections."""
    if connected:
        return "ok"
    where, text = fault or ("", "")
    if "refused by the broker" in text:
        return "refused"
    if where == "resolving":
        return "no_name"
    if sessions:
        return "lost"
    return "unreachable" if where in ("opening", "connecting", "subscribing") else "never"


def journal_state(waiting, level, damaged, forks):
    """The name in `JOURNAL`: what most needs a person comes first."""
    if forks:
        return "fork"
    if damaged:
        return "damaged"
    if level >= 100:
        return "full"
    if level >= 80:
        return "warning"
    if level >= 40:
        return "half"
    return "some" if waiting else "empty"


def _index(table, name):
    for at in range(len(table)):
        if table[at] == name:
            return at
    raise CodeError(name)


def _packed(version):
    parts = (version.split("-")[0] + ".0.0").split(".")
    try:
        major, minor, patch = int(parts[0]), int(parts[1]), int(parts[2])
    except ValueError:
        return 0
    return (min(major, 7) << 10) | (min(minor, 31) << 5) | min(patch, 31)


def _check(digits):
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)
