"""From blank to in service in one command: boards, identity, self-test on the bytes that were written, registry, labels."""

from __future__ import annotations

import contextlib
import csv
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from central import catalog, registry, schema
from host_tools.boards import Board
from host_tools.stand.centre_process import CentreProcess
from protocol.record import TRAINING
from provisioning.authority import Authority
from provisioning.units import UnitStore
from tests.flash.technician import Technician, simulated
from tests.rom_double import BoardDouble

Bench = Callable[..., BoardDouble]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def centre(tmp_path: Path, tool: Callable[..., Path]) -> Iterator[CentreProcess]:
    """A running centre with one merchant."""
    running = CentreProcess(tmp_path / "centre")
    database = running.database()
    with database.write() as connection:
        catalog.put_merchant(connection, "WASH", {"en": "Car Wash", "zh": "洗车"}, "wash")
    database.dispose()
    running.start()
    yield running
    running.stop()


def batch(path: Path, centre: CentreProcess, macs: list[str]) -> Path:
    """A batch for boards with these MACs; terminals T-00, T-01, …"""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["mac", "terminal", "merchant", "mqtt_url", "http_url", "wifi_ssid", "wifi_psk"])
        for number, mac in enumerate(macs):
            mqtt, http = f"mqtt://127.0.0.1:{centre.mqtt_port}", f"http://127.0.0.1:{centre.http_port}"
            rows.writerow([mac, f"T-{number:02}", "WASH", mqtt, http, "shop", "a secret of the shop"])
    return path


def states(centre: CentreProcess) -> dict[str, str]:
    """Terminal → its state at the centre."""
    database = centre.database()
    with database.read() as connection:
        found = {row["terminal"]: row["state"] for row in registry.listing(connection)}
    database.dispose()
    return found


def training(centre: CentreProcess, terminal: str) -> list[int]:
    """The flags of the records the centre has of a terminal."""
    database = centre.database()
    with database.read() as connection:
        table = schema.records
        found = list(connection.scalars(sa.select(table.c.flags).where(table.c.terminal == terminal)))
    database.dispose()
    return found


def test_eight_boxes_from_blank_to_in_service(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    wrong, unplugged = 3, 5
    boards = {n: simulated(devkit, tmp_path, n) for n in range(8) if n != wrong}
    doubles = [bench(n, running=boards.get(n), chip="esp32s3" if n == wrong else "esp32") for n in range(8)]
    doubles[unplugged].faults.unplug_after_bytes = 300_000

    def plug_in_again() -> None:
        while Path(doubles[unplugged].port).is_symlink():
            time.sleep(0.05)
        time.sleep(0.5)
        doubles[unplugged].plug()

    threading.Thread(target=plug_in_again, daemon=True).start()
    rows = batch(tmp_path / "boards.csv", centre, [double.mac for double in doubles])
    assert run("provision", "--new-authority")[0] == 0
    with contextlib.ExitStack() as stack:
        for board in boards.values():
            stack.enter_context(Technician(board))
        code, out, err = run("flash", "--all", "--image", image, "--provision", rows, "--json")
    outcomes = {Path(outcome["port"]).name: outcome for outcome in json.loads(out)}
    assert code == 1, "the wrong chip"
    assert "another chip: esp32s3" in outcomes["ttyBENCH3"]["message"]
    assert "ttyBENCH5: the board" in err and "was unplugged" in err, "told, and gone on with"
    held = states(centre)
    for n in boards:
        outcome = outcomes[f"ttyBENCH{n}"]
        assert outcome["state"] == "issued", outcome["message"]
        assert held[f"T-{n:02}"] == "issued"
        report, page, pdf, png = (Path(path) for path in outcome["files"])
        tested = json.loads(report.read_text())
        assert tested["passed"] and tested["mac"] == doubles[n].mac and tested["subject"] == f"T-{n:02}"
        assert len(tested["steps"]) == 10 and all(step["passed"] for step in tested["steps"]), tested
        assert "PASSED" in page.read_text()
        assert pdf.read_bytes().startswith(b"%PDF") and png.read_bytes().startswith(b"\x89PNG")
        assert training(centre, f"T-{n:02}") == [TRAINING], "there, and it counts nowhere"
    assert "T-03" not in held, "it was never enrolled"
    secret = [unit.identity.key.hex() for unit in UnitStore(tmp_path / "bench" / "units")] + ["a secret of the shop"]
    for said in (out, err, *(path.read_text() for path in (tmp_path / "bench" / "reports").rglob("*.*"))):
        assert not any(word in said for word in secret)


def test_provisioned_again_it_is_the_same_terminal(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    board = bench(0, image=image.read_bytes())
    rows = batch(tmp_path / "boards.csv", centre, [board.mac])
    run("provision", "--new-authority")
    code, out, err = run("provision", rows, "--no-selftest", "--json")
    assert code == 0, err
    assert json.loads(out)[0]["state"] == "pending"
    assert states(centre) == {"T-00": "pending"}
    nvs = devkit.partition("nvs")
    first = board.flash.read(nvs.offset, nvs.size)
    unit = UnitStore(tmp_path / "bench" / "units").find(board.mac)
    assert unit is not None and unit.identity.credentials is not None
    assert Authority.load(tmp_path / "bench" / "authority").issued(unit.identity.credentials.certificate) == "T-00"
    code, out, _ = run("provision", rows, "--no-selftest", "--json")
    assert code == 0
    assert json.loads(out)[0]["bytes_written"] == 0
    assert board.flash.read(nvs.offset, nvs.size) == first
    board.flash.erase(nvs.offset, nvs.size)  # as the boot code does on some faults
    assert run("provision", rows, "--no-selftest")[0] == 0
    assert board.flash.read(nvs.offset, nvs.size) == first, "the same key, from the book"


def test_a_unit_that_fails_stays_pending_and_says_why(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    running = simulated(devkit, tmp_path, 0)
    board = bench(0, image=image.read_bytes(), running=running)
    rows = batch(tmp_path / "boards.csv", centre, [board.mac])
    run("provision", "--new-authority")
    with Technician(running, says_no_to="Green"):
        code, _, err = run("provision", rows)
    assert code == 1
    assert "failed its self-test: LEDs (green not seen)" in err and "run the same command again" in err
    assert states(centre) == {"T-00": "pending"}
    with Technician(running):
        code, _, err = run("selftest", "--port", board.port, "--json")
    assert code == 0, err
    assert states(centre) == {"T-00": "issued"}
