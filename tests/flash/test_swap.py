"""The swap: every record at the centre once, from the new hardware; the old one refuses on its display."""

from __future__ import annotations

import json
import subprocess
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
from host_tools.stand.centre_process import CHEYOU, CentreProcess
from protocol.month import month_of
from protocol.record import REDEMPTION, Record, Sealer
from provisioning import ring_image
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
    third = bench(3, image=image.read_bytes())
    rows = tmp_path / "boards.csv"
    rows.write_text(rows.read_text().replace(old.mac, third.mac).replace("T-00", "T-03"))
    assert run("provision", rows, "--no-selftest", "--port", third.port)[0] == 0
    code, _, err = run("swap", old.port, third.port)
    assert code == 1 and "is terminal T-03; take another spare, or free this one" in err, "another terminal is no spare"
    assert old.flash.image() == flash


@pytest.mark.parametrize("at", ["writing journal", "writing nvs", "clearing the old board"])
def test_killed_half_way_it_is_run_again(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess, at: str
) -> None:
    old, unit = terminal_with_records(bench, image, devkit, run, tmp_path, centre, 0)
    flash = old.flash.image()
    new = bench(1, image=image.read_bytes())
    with subprocess.Popen([*CHEYOU, "swap", old.port, new.port], stderr=subprocess.PIPE, text=True) as swapping:
        assert swapping.stderr is not None
        for line in swapping.stderr:
            if line.startswith(at):
                swapping.kill()
                break
    nvs = devkit.partition("nvs")
    assert old.flash.image()[: nvs.offset] + old.flash.image()[nvs.end :] == flash[: nvs.offset] + flash[nvs.end :]
    if set(old.flash.read(nvs.offset, nvs.size)) == {0xFF}:
        return  # it was over already
    code, out, err = run("swap", old.port, new.port, "--json")
    assert code == 0, err
    moved = json.loads(out)
    assert (moved["terminal"], moved["waiting"]) == ("T-00", RECORDS)
    held = ring_image.read(
        new.flash.read(devkit.partition("journal").offset, devkit.partition("journal").size), unit.identity.key, "records"
    )
    assert [record.sequence for record in held.opened] == list(range(1, RECORDS + 1))


def test_records_on_a_spare_are_never_overwritten(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    old, unit = terminal_with_records(bench, image, devkit, run, tmp_path, centre, 0)
    spare = bench(1, image=old.flash.image())
    redeemed(spare, devkit, unit, 1, int(time.time()))  # one more than the old board has
    nvs = devkit.partition("nvs")
    spare.flash.erase(nvs.offset, nvs.size)  # as the boot code does on some faults
    before = spare.flash.image()
    code, _, err = run("swap", old.port, spare.port)
    assert code == 1 and "holds 1 records that the old board has not; take another spare, or hand them in" in err, err
    assert spare.flash.image() == before
    # A move that was interrupted: the new board has served in the meantime, and its records are not given up for the old ones.
    new = bench(2, image=image.read_bytes())
    assert run("swap", old.port, new.port)[0] == 0
    moved = UnitStore(tmp_path / "bench" / "units").find(new.mac)
    assert moved is not None
    redeemed(new, devkit, moved, 2, int(time.time()))
    rescued = sorted((tmp_path / "bench" / "rescued").glob("T-00-*.bin"))[-1]
    served = new.flash.image()
    code, _, err = run("swap", rescued, new.port)
    assert code == 1 and "holds 2 records that the old board has not" in err, err
    assert new.flash.image() == served


def test_a_board_that_lost_its_identity_keeps_its_records(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, _ = terminal_with_records(bench, image, devkit, run, tmp_path, centre, 0)
    nvs, journal = devkit.partition("nvs"), devkit.partition("journal")
    first = board.flash.read(nvs.offset, nvs.size)
    records = board.flash.read(journal.offset, journal.size)
    board.flash.erase(nvs.offset, nvs.size)
    rows = tmp_path / "boards.csv"
    # Another bench knows nothing of it, and makes it somebody else.
    monkeypatch.setenv("CHEYOU_BENCH", str(tmp_path / "other"))
    run("provision", "--new-authority")
    others = tmp_path / "others.csv"
    others.write_text(rows.read_text().replace("T-00", "T-77"))
    code, _, err = run("provision", others, "--no-selftest")
    assert code == 1 and "has lost its identity, its journal is not empty; save it with `cheyou rescue" in err, err
    assert set(board.flash.read(nvs.offset, nvs.size)) == {0xFF}
    assert not (tmp_path / "other" / "units").exists(), "and nobody was enrolled"
    # Its own gives it its identity back, and so does the other one, with the key that the centre has.
    code, _, err = run("provision", rows, "--no-selftest")
    assert code == 0, err
    board.flash.erase(nvs.offset, nvs.size)
    monkeypatch.setenv("CHEYOU_BENCH", str(tmp_path / "bench"))
    assert run("provision", rows, "--no-selftest")[0] == 0
    assert board.flash.read(nvs.offset, nvs.size) == first
    assert board.flash.read(journal.offset, journal.size) == records


def test_records_outlive_the_partition_table(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    board, _ = terminal_with_records(bench, image, devkit, run, tmp_path, centre, 0)
    board.flash.program(0x8000, bytes(32))
    before = board.flash.image()
    code, _, err = run("flash", "--image", image)
    assert code == 1 and f"has lost its partition table, but holds {RECORDS} records" in err, err
    assert "--board esp32-devkit-4mb" in err and board.flash.image() == before
    code, out, err = run("rescue", "--board", "esp32-devkit-4mb", "--hand-in", "--json")
    assert code == 0 and json.loads(out)[0]["handed_in"] == RECORDS, err
    assert run("flash", "--image", image, "--erase", "journal")[0] == 0
