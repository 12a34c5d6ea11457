"""An identity as an NVS partition image, the form ESP-IDF's key-value store has in flash.

`esp32.NVS` on the device reads 32-bit integers and blobs only, so every text goes in as a blob. The values are handed over
in memory: on a command line or in a file they would be readable by others.
"""

from __future__ import annotations

import io

from esp_idf_nvs_partition_gen import nvs_partition_gen

from provisioning.errors import IdentityError
from provisioning.identity import Identity

NAMESPACE = "cheyou"
_LONGEST_KEY = 15
_SMALLEST = 0x3000


def nvs_image(identity: Identity, size: int) -> bytes:
    """The image of an NVS partition of `size` bytes holding `identity` and nothing else.

    An empty value is left out; the firmware reads a missing one as empty.
    """
    if size % 0x1000 or size < _SMALLEST:
        raise IdentityError(f"an NVS partition cannot have {size:#x} bytes", f"use a multiple of 0x1000 from {_SMALLEST:#x} on")
    # The generator adds a reserved page to the size it is given; only check_size() takes that page off first.
    usable, read_only = nvs_partition_gen.check_size(hex(size))
    buffer = io.BytesIO()
    version = nvs_partition_gen.Page.VERSION2
    with nvs_partition_gen.nvs_open(buffer, usable, version, read_only=read_only) as nvs:
        nvs_partition_gen.write_entry(nvs, NAMESPACE, "namespace", "", "")
        for name, value in _blobs(identity).items():
            if value:
                # Hexadecimal, because the "binary" encoding does not pass every byte unchanged.
                nvs_partition_gen.write_entry(nvs, _key(name), "data", "hex2bin", value.hex())
        nvs_partition_gen.write_entry(nvs, _key("epoch"), "data", "i32", str(identity.epoch))
    image = buffer.getvalue()
    if len(image) != size:
        raise IdentityError(f"the NVS generator made {len(image):#x} bytes instead of {size:#x}", "report this version of it")
    return image


def _blobs(identity: Identity) -> dict[str, bytes]:
    credentials = identity.credentials
    secured = (
        {"cert": credentials.certificate, "cert_key": credentials.private_key, "ca": credentials.authority} if credentials else {}
    )
    return secured | {
        "id": identity.terminal_id.encode(),
        "key": identity.key,
        "mqtt_url": identity.mqtt_url.encode(),
        "http_url": identity.http_url.encode(),
        "wifi_ssid": identity.wifi_ssid.encode(),
        "wifi_psk": identity.wifi_psk.encode(),
        "merchant": identity.merchant.encode(),
    }


def _key(name: str) -> str:
    # The generator cuts longer keys off without a word.
    if len(name) > _LONGEST_KEY:
        raise ValueError(f"NVS key {name} is longer than {_LONGEST_KEY} characters")
    return name
