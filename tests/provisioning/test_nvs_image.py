"""The NVS image, read back by a reader written from ESP-IDF's description of the format, not from the generator."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import pytest

from host_tools import boards
from host_tools.flash_image import FlashImage
from provisioning.errors import IdentityError
from provisioning.identity import Identity, new_key
from provisioning.nvs_image import nvs_image

IDENTITY = Identity(
    "T-1", "mqtt://broker.example:1883", "http://centre.example:8000", "shop", "a long secret", bytes(range(32)), 7
)


def read_nvs(image: bytes) -> dict[str, dict[str, int | bytes]]:
    """Namespaces → keys → values of an NVS image ("NVS: internals" of the ESP-IDF programming guide); checks every CRC.

    Knows integers and version 2 blobs of one chunk, which is all an identity needs.
    """
    names: dict[int, str] = {}
    values: dict[int, dict[str, int | bytes]] = {}
    for page_at in range(0, len(image), 4096):
        page = image[page_at : page_at + 4096]
        if page[:4] == b"\xff" * 4:
            continue
        assert zlib.crc32(page[4:28], 0xFFFFFFFF) == struct.unpack_from("<I", page, 28)[0]
        assert page[8] == 0xFE  # version 2
        index = 0
        while index < 126:
            state = page[32 + index // 4] >> (index % 4 * 2) & 3
            entry = page[64 + index * 32 : 96 + index * 32]
            if state != 0b10:
                index += 1
                continue
            namespace, kind, span, _, crc, name, data = struct.unpack("<BBBBI16s8s", entry)
            assert zlib.crc32(entry[:4] + entry[8:], 0xFFFFFFFF) == crc
            key = name.rstrip(b"\0").decode()
            if namespace == 0:
                names[data[0]] = key
            elif kind == 0x14:
                values.setdefault(namespace, {})[key] = struct.unpack_from("<i", data)[0]
            elif kind == 0x42:
                length, _, data_crc = struct.unpack("<HHI", data)
                content = page[96 + index * 32 : 96 + index * 32 + length]
                assert zlib.crc32(content, 0xFFFFFFFF) == data_crc
                values.setdefault(namespace, {})[key] = content
            else:
                assert kind == 0x48, hex(kind)
            index += span
    return {names[number]: keys for number, keys in values.items()}


def test_the_image_holds_the_identity_and_fills_the_partition() -> None:
    image = nvs_image(IDENTITY, 0x6000)
    assert len(image) == 0x6000
    assert read_nvs(image) == {
        "cheyou": {
            "id": b"T-1",
            "key": bytes(range(32)),
            "mqtt_url": b"mqtt://broker.example:1883",
            "http_url": b"http://centre.example:8000",
            "wifi_ssid": b"shop",
            "wifi_psk": b"a long secret",
            "epoch": 7,
        }
    }


def test_an_open_network_has_no_passphrase_entry() -> None:
    assert "wifi_psk" not in read_nvs(nvs_image(replace(IDENTITY, wifi_psk=""), 0x6000))["cheyou"]


def test_it_is_reproducible_and_lies_in_the_image_of_every_board() -> None:
    for name in boards.names():
        image = FlashImage(boards.load(name))
        image.put("nvs", nvs_image(IDENTITY, image.board.partition("nvs").size))
        assert image.region("nvs") == nvs_image(IDENTITY, 0x6000)


@pytest.mark.parametrize("size", [0, 0x1000, 0x2000, 0x6001])
def test_a_size_that_cannot_be_is_refused(size: int) -> None:
    with pytest.raises(IdentityError, match="an NVS partition cannot have"):
        nvs_image(IDENTITY, size)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("terminal_id", "t-1", "is no terminal id; use 1 to 16"),
        ("terminal_id", "", "is no terminal id"),
        ("key", b"short", "the key has 5 bytes"),
        ("mqtt_url", "broker:1883", "is no broker address"),
        ("mqtt_url", "mqtt://" + "x" * 300, "longer than 256"),
        ("http_url", "ftp://x", "is no address"),
        ("wifi_ssid", "会" * 11, "Wi-Fi name"),
        ("wifi_psk", "1234567", "Wi-Fi passphrase"),
        ("epoch", -1, "out of range"),
        ("epoch", 0x10000, "out of range"),
    ],
)
def test_a_wrong_identity_is_refused(field: str, value: object, said: str) -> None:
    with pytest.raises(IdentityError, match=said):
        replace(IDENTITY, **{field: value})  # type: ignore[arg-type]


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(IDENTITY)
    assert str(IDENTITY.key) not in repr(IDENTITY)
    with pytest.raises(IdentityError) as caught:
        replace(IDENTITY, wifi_psk="bad\n")
    assert "bad" not in str(caught.value)


def test_keys_are_fresh() -> None:
    assert len(new_key()) == 32
    assert new_key() != new_key()
