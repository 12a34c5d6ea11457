"""MQTT topics: ``cheyou/1/<terminal>/up/<name>`` from a terminal, ``cheyou/1/<terminal>/down/<name>`` to it."""

_ROOT = "cheyou/1/"
UP = ("hello", "check", "records", "refusals", "status", "fetch", "fault", "day")
DOWN = ("welcome", "verdict", "receipt", "refused", "settings", "list", "chunk", "kept", "closed")

ALL_UP = _ROOT + "+/up/+"


def is_terminal_id(text):
    """Whether ``text`` is a terminal id: 1 to 16 of ``A-Z 0-9 -``."""
    if not 1 <= len(text) <= 16:
        return False
    for c in text:
        if not ("A" <= c <= "Z" or "0" <= c <= "9" or c == "-"):
            return False
    return True


def up(terminal, name):
    """The topic of a message from ``terminal``."""
    return _ROOT + terminal + "/up/" + name


def down(terminal, name):
    """The topic of a message to ``terminal``; ``name`` may be ``+``."""
    return _ROOT + terminal + "/down/" + name


def parse(topic):
    """(terminal, way, name) of a topic (str), or None when it is not one of ours."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[0] != "cheyou" or parts[1] != "1" or not is_terminal_id(parts[2]):
        return None
    if parts[4] in (UP if parts[3] == "up" else DOWN if parts[3] == "down" else ()):
        return parts[2], parts[3], parts[4]
    return None


def name_to(terminal, topic):
    """The name of a message to ``terminal`` by its topic (str), or None when it is not one."""
    way = down(terminal, "")
    name = topic[len(way) :]
    return name if topic.startswith(way) and name in DOWN else None
