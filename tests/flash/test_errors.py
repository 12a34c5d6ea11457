"""What goes wrong on a bench: one line with the next step, exit code 1, and a board that is as it was or can be gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from central import registry
from host_tools.boards import Board
from host_tools.stand.centre_process import CentreProcess
from tests.flash.conftest import DEVKIT
from tests.flash.technician import Technician, simulated
from tests.flash.test_flash import _not_root, refused
from tests.flash.test_in_service import batch, centre, states
from tests.rom_double import BoardDouble

Bench = Callable[..., BoardDouble]
Run = Callable[..., tuple[int, str, str]]
__all__ = ["centre"]  # a fixture

HEADER = "mac,terminal,merchant,mqtt_url,http_url,wifi_ssid,wifi_psk,board\n"
GOOD = "24:6f:28:00:00:00,T-00,WASH,mqtt://127.0.0.1:1883,http://127.0.0.1:8080,shop,long enough,\n"


def only_line(result: tuple[int, str, str]) -> None:
    """Progress apart, stderr has one line."""
    assert len([line for line in result[2].splitlines() if line.startswith("cheyou: ")]) == 1, result[2]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GOOD.replace("T-00", "t 00"), "boards.csv:3: 't 00' is no terminal id; use 1 to 16 of A-Z"),
        (GOOD.replace("24:6f", "24:6g"), "boards.csv:3: '24:6g:28:00:00:00' is no MAC address; write it as"),
        (GOOD.replace("mqtt://", "http://"), "boards.csv:3: 'http://127.0.0.1:1883' is no broker address; write mqtt://"),
        (GOOD.replace("long enough", "short"), "boards.csv:3: the Wi-Fi passphrase is not 8 to 63 ASCII characters; check it"),
        (GOOD.replace("shop,", ","), "boards.csv:3: wifi_ssid is empty, and esp32-devkit-4mb has no other network; fill it in"),
        (GOOD.replace(",WASH", ","), "boards.csv:3: merchant is empty; fill it in"),
        (GOOD.replace("T-00,", ""), "boards.csv:3: the row has another number of fields than the header; check its commas"),
        (GOOD, "boards.csv:3: T-00 is on line 2 already; delete one of the two rows"),
        (GOOD.replace("enough,", "enough,esp8266"), "boards.csv:3: there is no board esp8266; choose one of: esp32-"),
    ],
)
def test_a_bad_row_is_named_before_any_board_is_touched(
    bench: Bench, image: Path, run: Run, tmp_path: Path, row: str, said: str
) -> None:
    board = bench()
    run("provision", "--new-authority")
    (tmp_path / "boards.csv").write_text(HEADER + GOOD + row)
    result = run("flash", "--all", "--image", image, "--provision", tmp_path / "boards.csv")
    refused(result, said.partition("; ")[0], said.partition("; ")[2])
    only_line(result)
    assert "long enough" not in result[2] and "short" not in result[2]
    assert set(board.flash.image()) == {0xFF} and not board.in_loader, "left as it was"


def test_no_authority(bench: Bench, image: Path, run: Run, tmp_path: Path) -> None:
    board = bench()
    (tmp_path / "boards.csv").write_text(HEADER + GOOD)
    result = run("flash", "--image", image, "--provision", tmp_path / "boards.csv")
    refused(result, "there is no certificate authority in", "cheyou provision --new-authority")
    only_line(result)
    run("provision", "--new-authority")
    refused(run("provision", "--new-authority"), "there is a certificate authority in", "go on using it")
    (tmp_path / "bench" / "authority" / "ca.key").write_text("scratched")
    result = run("flash", "--image", image, "--provision", tmp_path / "boards.csv")
    refused(result, "cannot be read", "restore it")
    assert set(board.flash.image()) == {0xFF} and not board.in_loader


@pytest.mark.parametrize(
    ("options", "said", "next_step"),
    [
        ({"flash_bytes": 0x200000}, "has 2 MB of flash, esp32-devkit-4mb needs 4 MB", "cheyou boards"),
        ({"chip": "esp32s3"}, "has another chip: esp32s3, the image is for esp32", "ESP32 DevKit"),
    ],
)
def test_a_board_that_it_cannot_run_on(
    bench: Bench, image: Path, run: Run, options: dict[str, object], said: str, next_step: str
) -> None:
    board = bench(**options)
    result = run("flash", "--image", image)
    refused(result, said, next_step)
    assert board.mac in result[2]
    assert set(board.flash.image()) == {0xFF}


def test_a_row_for_another_board(bench: Bench, image: Path, run: Run, tmp_path: Path, centre: CentreProcess) -> None:
    board = bench()
    run("provision", "--new-authority")
    rows = tmp_path / "boards.csv"
    rows.write_text(HEADER + GOOD.replace("enough,", "enough,esp32-st7920-4mb"))
    result = run("flash", "--image", image, "--provision", rows)
    refused(result, f"line 2 wants a esp32-st7920-4mb, {board.mac} is flashed as {DEVKIT}", "correct the row or the image")
    assert set(board.flash.image()) == {0xFF}
    assert states(centre) == {}
    rows.write_text(HEADER + GOOD)
    refused(run("flash", "--all", "--provision", rows), "does not name the board in every row", "--board BOARD")
    rows.write_text(HEADER + GOOD.replace("T-00", "T-01").replace("00:00,", "00:01,"))
    refused(run("flash", "--image", image, "--provision", rows), f"no row for the board {board.mac}", "add a row with mac")
    assert set(board.flash.image()) == {0xFF}


def test_a_terminal_that_has_another_board_or_key(
    bench: Bench, image: Path, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    first, second = bench(0, image=image.read_bytes()), bench(1, image=image.read_bytes())
    run("provision", "--new-authority")
    rows = batch(tmp_path / "boards.csv", centre, [first.mac])
    assert run("provision", rows, "--port", first.port, "--no-selftest")[0] == 0
    before = second.flash.image()
    refused(
        run("provision", batch(rows, centre, [second.mac]), "--port", second.port, "--no-selftest"),
        f"terminal T-00 is the board {first.mac}", "cheyou swap T-00",
    )  # fmt: skip
    database = centre.database()
    with database.write() as connection:
        registry.add(connection, "T-01", "WASH", "test", bytes(32))
    database.dispose()
    rows.write_text(rows.read_text().replace("T-00", "T-01"))
    assert run("provision", rows, "--port", second.port, "--no-selftest")[0] == 0, "registered by hand: with that key"
    (tmp_path / "bench" / "units" / f"{second.mac.replace(':', '')}.json").write_text("{")
    refused(run("provision", rows, "--port", second.port), "is damaged", "restore it from a backup")
    assert second.flash.image() != before


@pytest.mark.slow
def test_a_wrong_wifi_password(bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess) -> None:
    running = simulated(devkit, tmp_path, 0)
    running.when_on = lambda board: board.wifi_accepts("shop", "the right password")
    board = bench(0, running=running)
    rows = batch(tmp_path / "boards.csv", centre, [board.mac])
    run("provision", "--new-authority")
    with Technician(running):
        result = run("flash", "--image", image, "--provision", rows)
    refused(result, "T-00 (24:6f:28:00:00:00) failed its self-test: Wi-Fi level (not joined", "the Wi-Fi refuses the password")
    only_line(result)
    assert "a secret of the shop" not in result[1] + result[2]
    assert states(centre) == {"T-00": "pending"}
    rows.write_text(rows.read_text().replace("a secret of the shop", "the right password"))
    with Technician(running):
        code, _, err = run("flash", "--image", image, "--provision", rows)
    assert code == 0, err
    assert states(centre) == {"T-00": "issued"}


@pytest.mark.slow
def test_a_broker_that_is_not_there(
    bench: Bench, image: Path, devkit: Board, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    running = simulated(devkit, tmp_path, 0)
    board = bench(0, image=image.read_bytes(), running=running)
    rows = batch(tmp_path / "boards.csv", centre, [board.mac])
    rows.write_text(rows.read_text().replace(f":{centre.mqtt_port}", ":9"))
    run("provision", "--new-authority")
    with Technician(running):
        refused(run("provision", rows), "Broker (", "the broker cannot be reached: check the access point's internet")


def test_a_port_of_somebody_else(bench: Bench, run: Run) -> None:
    device = Path(bench().port).resolve()
    with _not_root(device):
        refused(run("monitor", "--port", device, "--seconds", "1"), f"no permission to open {device}", "dialout")
