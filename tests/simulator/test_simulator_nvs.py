"""NVS on the flash model: what other tools write is read, and a power cut leaves the old value or the new one."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from esp_idf_nvs_partition_gen import nvs_partition_gen

from simulator.flash import TORN, NorFlash, PowerFailed
from simulator.nvs import LONGEST_BLOB, NOT_FOUND, Nvs, NvsError

SIZE = 0x6000


@pytest.fixture
def flash(tmp_path: Path) -> NorFlash:
    return NorFlash(tmp_path / "flash.bin", 0x10000, b"")


def mounted(flash: NorFlash, size: int = SIZE) -> Nvs:
    return Nvs(flash, 0x9000, size)


def test_reads_what_espressifs_generator_writes(flash: NorFlash) -> None:
    usable, read_only = nvs_partition_gen.check_size(hex(SIZE))
    buffer = io.BytesIO()
    long = bytes(range(256)) * 15
    with nvs_partition_gen.nvs_open(buffer, usable, nvs_partition_gen.Page.VERSION2, read_only=read_only) as nvs:
        nvs_partition_gen.write_entry(nvs, "cheyou", "namespace", "", "")
        nvs_partition_gen.write_entry(nvs, "epoch", "data", "i32", "-7")
        nvs_partition_gen.write_entry(nvs, "key", "data", "hex2bin", "00ff" * 16)
        nvs_partition_gen.write_entry(nvs, "long", "data", "hex2bin", long.hex())
    flash.put(0x9000, buffer.getvalue())
    nvs_read = mounted(flash)
    namespace = nvs_read.namespace("cheyou")
    assert flash.operations.total() == 0
    assert int.from_bytes(nvs_read.get_i32(namespace, "epoch"), "little", signed=True) == -7
    assert nvs_read.get_blob(namespace, "key") == b"\0\xff" * 16
    assert nvs_read.get_blob(namespace, "long") == long


def test_values_last_and_namespaces_are_apart(flash: NorFlash) -> None:
    nvs = mounted(flash)
    one, two = nvs.namespace("one"), nvs.namespace("two")
    nvs.set_i32(one, "n", 1)
    nvs.set_i32(two, "n", -2)
    nvs.set_blob(one, "b", b"")
    nvs.set_blob(two, "b", b"x" * LONGEST_BLOB)
    nvs = mounted(flash)
    assert (nvs.namespace("one"), nvs.namespace("two")) == (one, two)
    assert nvs.get_i32(two, "n") == (-2).to_bytes(4, "little", signed=True)
    assert nvs.get_blob(one, "b") == b""
    assert nvs.get_blob(two, "b") == b"x" * LONGEST_BLOB
    nvs.erase_key(one, "n")
    with pytest.raises(NvsError) as fault:
        mounted(flash).get_i32(one, "n")
    assert fault.value.code == NOT_FOUND


def test_setting_what_is_stored_writes_nothing(flash: NorFlash) -> None:
    nvs = mounted(flash)
    namespace = nvs.namespace("n")
    nvs.set_i32(namespace, "i", 5)
    nvs.set_blob(namespace, "b", b"abc")
    before = flash.operations.total()
    nvs.set_i32(namespace, "i", 5)
    nvs.set_blob(namespace, "b", b"abc")
    assert flash.operations.total() == before


@pytest.mark.parametrize(("key", "value"), [("k" * 16, b"x"), ("", b"x"), ("k", b"x" * (LONGEST_BLOB + 1))])
def test_refuses_what_esp_idf_refuses(flash: NorFlash, key: str, value: bytes) -> None:
    nvs = mounted(flash)
    with pytest.raises(NvsError):
        nvs.set_blob(nvs.namespace("n"), key, value)


def test_pages_turn_over_for_ever_and_full_is_said(flash: NorFlash) -> None:
    nvs = mounted(flash)
    namespace = nvs.namespace("n")
    nvs.set_blob(namespace, "keep", b"kept")
    for number in range(3000):
        nvs.set_i32(namespace, "count", number)
    nvs = mounted(flash)
    assert nvs.get_i32(namespace, "count") == (2999).to_bytes(4, "little")
    assert nvs.get_blob(namespace, "keep") == b"kept"
    assert len(flash.erases) >= 5, "wear goes round"
    with pytest.raises(NvsError):
        for number in range(10):
            nvs.set_blob(namespace, f"b{number}", bytes([number]) * 3900)
    assert mounted(flash).get_blob(namespace, "keep") == b"kept"


def _scenario(nvs: Nvs, step: int) -> None:
    """Enough small and large values that a page turns over."""
    namespace = nvs.namespace("n")
    nvs.set_i32(namespace, "i", step)
    nvs.set_blob(namespace, "b", bytes([step]) * (step * 37 % 900 + 1))


@pytest.mark.parametrize("torn", [None, *TORN])
def test_a_power_cut_leaves_the_old_value_or_the_new_one(tmp_path: Path, torn) -> None:
    steps = 20
    reference = NorFlash(tmp_path / "reference.bin", 0x10000, b"")
    for step in range(steps):
        _scenario(mounted(reference, 0x3000), step)
    cuts = list(range(1, reference.operations.total() + 1))
    assert reference.operations["erase"] > 0
    for cut in cuts if torn is None else random.Random(5).sample(cuts, 60):
        flash = NorFlash(tmp_path / "cut.bin", 0x10000, b"")
        flash.cut_at(cut, torn, seed=cut)
        step = 0
        try:
            for step in range(steps):
                _scenario(mounted(flash, 0x3000), step)
        except PowerFailed:
            pass
        nvs = mounted(flash, 0x3000)
        namespace = nvs.namespace("n")
        if step:
            assert int.from_bytes(nvs.get_i32(namespace, "i"), "little") in (step - 1, step), cut
            blob = nvs.get_blob(namespace, "b")
            assert blob in [bytes([s]) * (s * 37 % 900 + 1) for s in (step - 1, step)], cut
        _scenario(nvs, 99)
        assert mounted(flash, 0x3000).get_i32(namespace, "i")[0] == 99
        flash.close()
