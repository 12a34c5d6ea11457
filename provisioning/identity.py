"""Who a terminal is and where it connects: what is written into a board before it goes out."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from protocol.keys import KEY_BYTES
from protocol.topics import is_terminal_id
from provisioning.errors import IdentityError

LONGEST_BYTES = 256  # of one value; the firmware reads into a buffer of this size
_LAST_EPOCH = 0xFFFF
_URL = r"://[A-Za-z0-9.-]+(:\d{1,5})?"


def new_key() -> bytes:
    """A fresh 32-byte terminal key from the operating system's random source."""
    return secrets.token_bytes(KEY_BYTES)


@dataclass(frozen=True)
class Credentials:
    """What the terminal shows and trusts in TLS, all DER: its certificate and private key, and the authority's certificate."""

    certificate: bytes
    private_key: bytes = field(repr=False)
    authority: bytes


@dataclass(frozen=True)
class Identity:
    """A terminal's identity, checked when made; `IdentityError` names what is wrong.

    `key`, `wifi_psk` and `credentials` stay out of `repr`, so that no log or traceback shows them. `epoch` is the last journal
    epoch the terminal has used, 0 for a new one: a terminal provisioned again must not start over at 1. A wired terminal has
    neither `wifi_ssid` nor `wifi_psk`.
    """

    terminal_id: str
    mqtt_url: str
    http_url: str
    wifi_ssid: str = ""
    wifi_psk: str = field(default="", repr=False)
    key: bytes = field(default_factory=new_key, repr=False)
    epoch: int = 0
    merchant: str = ""
    credentials: Credentials | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _require(is_terminal_id(self.terminal_id), f"{self.terminal_id!r} is no terminal id", "use 1 to 16 of A-Z, 0-9 and -")
        _require(len(self.key) == KEY_BYTES, f"the key has {len(self.key)} bytes", f"use {KEY_BYTES} random bytes")
        _require(re.fullmatch("mqtt" + _URL, self.mqtt_url), f"{self.mqtt_url!r} is no broker address", "write mqtt://host:port")
        _require(
            re.fullmatch("https?" + _URL + r"(/[!-~]*)?", self.http_url),
            f"{self.http_url!r} is no address",
            "write http://host:port",
        )
        # IEEE 802.11: a name of up to 32 bytes; WPA: a passphrase of 8 to 63 ASCII characters; none for an open network.
        _require(len(self.wifi_ssid.encode()) <= 32, "the Wi-Fi name is longer than 32 bytes", "check it at the access point")
        _require(
            self.wifi_psk == "" or re.fullmatch(r"[ -~]{8,63}", self.wifi_psk),
            "the Wi-Fi passphrase is not 8 to 63 ASCII characters",
            "check it at the access point, or leave it empty for an open network",
        )
        _require(0 <= self.epoch <= _LAST_EPOCH, f"epoch {self.epoch} is out of range", f"use 0 to {_LAST_EPOCH}")
        for name in ("mqtt_url", "http_url"):
            _require(
                len(getattr(self, name)) <= LONGEST_BYTES, f"{name} is longer than {LONGEST_BYTES} bytes", "use a shorter one"
            )


def _require(condition: object, message: str, next_step: str) -> None:
    if not condition:
        raise IdentityError(message, next_step)
