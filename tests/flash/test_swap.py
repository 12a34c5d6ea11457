"""The swap: every record at the centre once, from the new hardware; the old one refuses on its display."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from central import catalog, marks, schema
from firmware.terminal.journal import Journal
from host_tools.boards import Board
from host_tools.flash.memory_partition import MemoryPartition
from host_tools.stand.cashier import Cashier
from host_tools.stand.centre_process import CentreProcess
from protocol.month import month_of
from protocol.record import REDEMPTION, Record, Sealer
from provisioning.units import Unit, UnitStore
from tests.flash.technician import simulated
from tests.flash.test_in_service import batch
from tests.rom_double import BoardDouble

Bench = Callable[..., BoardDouble]
Run = Callable[..., tuple[int, str, str]]
RECORDS = 500


@pytest.fixture
def centre(tmp_path: Path, tool: Callable[..., Path]) -> Iterator[CentreProcess]:
    """A running centre with a merchant and an offer."""
    running = CentreProcess(tmp_path / "centre")
    database = running.database()
    with database.write() as connection:
        catalog.put_merchant(connection, "WASH", {"en": "Car Wash", "zh": "洗车"}, "wash")
        terms = {"id": 1, "label": {"en": "Wash pass"}, "category": "wash", "discount": {"vip": {"percent": 20}}}
        catalog.put_offer(connection, "WASH", terms)
    database.dispose()
    running.start()
    yield running
    running.stop()


def redeemed(board: BoardDouble, devkit: Board, unit: Unit, count: int, at: int) -> None:
    """Let the terminal on this flash have made `count` redemptions, as its journal would have written them."""
    partition = devkit.partition("journal")
    ring = MemoryPartition(board.flash.read(partition.offset, partition.size))
    journal = Journal(ring, Sealer(unit.identity.key), lambda above: above + 1)
    for n in range(count):
        member = 13800138000 + n
        fields = (REDEMPTION, 0, 0, at, 1, 0, month_of(at), member, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0)
        journal.append(Record(*fields))
    board.flash.erase(partition.offset, partition.size)
    board.flash.program(partition.offset, bytes(ring.content))


def held(centre: CentreProcess, marked: int = 0) -> list[tuple[int, int]]:
    """(epoch, sequence) of the records at the centre, or of those that bear a mark."""
    database = centre.database()
    table = schema.records
    with database.read() as connection:
        found = connection.execute(
            sa.select(table.c.epoch, table.c.sequence, table.c.marks).where(table.c.kind == REDEMPTION, table.c.flags == 0)
        )
        rows = [(row.epoch, row.sequence) for row in found if not marked or row.marks & marked]
    database.dispose()
    return rows


def wait(reached: Callable[[], object], seconds: float, shown: Callable[[], object]) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, shown()
        time.sleep(0.1)


def terminal_with_records(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess, number: int, **options: object
) -> tuple[BoardDouble, Unit]:
    """A provisioned board whose journal holds 500 redemptions that the centre has not."""
    old = bench(number, image=image.read_bytes(), **options)
    run("provision", "--new-authority")
    rows = batch(tmp_path / "boards.csv", centre, [old.mac])
    assert run("provision", rows, "--no-selftest", "--port", old.port)[0] == 0
    unit = UnitStore(tmp_path / "bench" / "units").find(old.mac)
    assert unit is not None
    redeemed(old, devkit, unit, RECORDS, int(time.time()) - 60)
    return old, unit


def test_over_usb_all_records_come_once_from_the_new_unit(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    before = simulated(devkit, tmp_path, 0)
    old, _ = terminal_with_records(bench, image, devkit, run, tmp_path, centre, 0)
    after = simulated(devkit, tmp_path, 1)
    new = bench(1, image=image.read_bytes(), running=after)
    code, out, err = run("swap", old.port, new.port, "--json")
    assert code == 0, err
    moved = json.loads(out)
    assert (moved["terminal"], moved["mac"], moved["waiting"], moved["old_board_cleared"]) == ("T-00", new.mac, RECORDS, True)
    wait(lambda: len(held(centre)) >= RECORDS, 60, lambda: (len(held(centre)), after.bench and after.bench.lcd))
    assert sorted(held(centre)) == [(1, n) for n in range(1, RECORDS + 1)]
    old.running = before
    old.reset()
    wait(lambda: before.bench and "Not provisioned" in before.bench.lcd[0], 15, lambda: before.bench and before.bench.lcd)
    units = UnitStore(tmp_path / "bench" / "units")
    assert [unit.state for unit in units] == ["replaced", "pending"]
    assert units.of_terminal("T-00") is not None and units.of_terminal("T-00").mac == new.mac  # type: ignore[union-attr]


def test_from_rescued_flash_and_the_old_one_comes_back(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    before = simulated(devkit, tmp_path, 0)
    old, unit = terminal_with_records(bench, image, devkit, run, tmp_path, centre, 0)
    dead = tmp_path / "dead.bin"
    dead.write_bytes(old.flash.image())
    after = simulated(devkit, tmp_path, 1)
    new = bench(1, image=image.read_bytes(), running=after)
    code, out, err = run("swap", dead, new.port, "--json")
    assert code == 0, err
    assert not json.loads(out)["old_board_cleared"]
    wait(lambda: len(held(centre)) >= RECORDS, 60, lambda: len(held(centre)))
    # The old board was not dead after all, made one more redemption offline, and finds the network again.
    redeemed(old, devkit, unit, 1, int(time.time()) + 5)
    old.running = before
    old.reset()
    wait(lambda: (1, RECORDS + 1) in held(centre), 60, lambda: (len(held(centre)), before.bench and before.bench.lcd))
    assert held(centre, marks.FENCED) == [(1, RECORDS + 1)], "taken in, and marked"
    assert before.bench is not None and after.bench is not None
    assert Cashier(before.bench).check("13800138000", timeout=10).reason == "terminal_suspended"
    assert Cashier(after.bench).check("13800138000", timeout=10).reason == "not_member", "the new one serves"
    assert sorted(held(centre)) == [(1, n) for n in range(1, RECORDS + 2)], "each once"


def test_what_a_swap_refuses(bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess) -> None:
    old, _ = terminal_with_records(bench, image, devkit, run, tmp_path, centre, 0)
    flash = old.flash.image()
    blank = bench(1)
    _, _, err = run("swap", old.port, blank.port)
    assert "has no partition table of ours" in err and "cheyou flash" in err
    _, _, err = run("swap", old.port, old.port)
    assert "the same board" in err
    busy = bench(2, image=flash)
    busy.flash.program(devkit.partition("refusals").offset, b"something")
    other = tmp_path / "other.bin"
    other.write_bytes(flash)
    code, _, err = run("swap", tmp_path / "none.bin", busy.port)
    assert code == 1 and "there is no port" in err
    assert old.flash.image() == flash, "the old board is as it was"
