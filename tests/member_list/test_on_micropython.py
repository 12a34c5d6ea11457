"""The same answers on the terminal's interpreter as here, and as the truth says."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
from answers import FIRST, FileFlash, digest
from lists import KEY, SECTOR, facts

from central.list_builder import build_list
from central.list_delta import build_delta
from host_tools import toolchain
from protocol.member_list import MemberList

MEMBERS = STRANGERS = 10_000


def test_ten_thousand_members_and_as_many_strangers(tmp_path: Path) -> None:
    tool = toolchain.micropython(32)
    generator = np.random.default_rng(11)
    numbers = np.unique(FIRST + generator.integers(0, 2**32, 160_000).astype(np.uint64))
    generator.shuffle(numbers)
    classes = (np.arange(len(numbers)) % 5).astype(np.uint8)
    base = build_list(numbers[:100_000], classes[:100_000], facts(), KEY)
    now = slice(2_000, 101_000)
    delta = build_delta(base, [], numbers[now], classes[now], replace(facts(), version=2), KEY)
    at = -(-len(base) // SECTOR) * SECTOR
    (tmp_path / "list").write_bytes(base.ljust(at, b"\xff") + delta)
    asked = np.concatenate((numbers[:2_000], numbers[2_000:10_000], numbers[100_000 : 100_000 + STRANGERS]))
    (tmp_path / "numbers").write_bytes((asked - FIRST).astype("<u4").tobytes())
    done = subprocess.run(
        [tool, "-X", "heapsize=96K", Path(__file__).with_name("answers.py"), tmp_path / "list", tmp_path / "numbers", str(at)],
        env={**os.environ, "MICROPYPATH": f"{toolchain.ROOT}:.frozen"}, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    with (tmp_path / "list").open("rb") as flash, (tmp_path / "numbers").open("rb") as file:
        members = MemberList(FileFlash(flash), KEY)
        members.extend(at)
        said, found = digest(members, file)
    assert done.stdout.split() == [said, str(found)]
    # 2,000 have left, 1,000 of the "strangers" have joined.
    assert found == MEMBERS - 2_000 + 1_000
