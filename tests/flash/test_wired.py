"""A board with a cable: no Wi-Fi in its batch, a link and an address in its self-test, and 12 keys to answer on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import boards, toolchain
from host_tools.boards import Board
from host_tools.build import build_image
from host_tools.stand.centre_process import CentreProcess
from provisioning import nvs_reader
from provisioning.units import UnitStore
from tests.flash.technician import Technician, simulated
from tests.flash.test_flash import refused
from tests.flash.test_in_service import centre, states
from tests.rom_double import BoardDouble

Bench = Callable[..., BoardDouble]
Run = Callable[..., tuple[int, str, str]]
__all__ = ["centre"]  # a fixture


@pytest.fixture(scope="module")
def wired(tool: Callable[..., Path]) -> Board:
    """The board with Ethernet."""
    tool(toolchain.mpy_cross)
    return boards.load("wt32-eth01-4mb")


@pytest.fixture(scope="module")
def wired_image(wired: Board, firmware: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its whole image."""
    path = tmp_path_factory.mktemp("image") / "wired.bin"
    build_image(wired, firmware).write(path)
    return path


def batch(path: Path, centre: CentreProcess, mac: str, board: str = "", more: tuple[str, str] = ("", "")) -> Path:
    """One terminal, T-00; ``more``: columns and their values that a wired board does not need."""
    mqtt, http = f"mqtt://127.0.0.1:{centre.mqtt_port}", f"http://127.0.0.1:{centre.http_port}"
    path.write_text(f"mac,terminal,merchant,mqtt_url,http_url,board{more[0]}\n{mac},T-00,WASH,{mqtt},{http},{board}{more[1]}\n")
    return path


def test_from_blank_to_in_service_without_a_word_of_wifi(
    bench: Bench, wired: Board, wired_image: Path, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    running = simulated(wired, tmp_path, 0)
    board = bench(0, running=running)
    run("provision", "--new-authority")
    rows = batch(tmp_path / "boards.csv", centre, board.mac, wired.name)
    with Technician(running):
        code, out, err = run("flash", "--image", wired_image, "--provision", rows, "--json")
    assert code == 0, err
    outcome = json.loads(out)[0]
    assert outcome["state"] == "issued" and states(centre) == {"T-00": "issued"}
    steps = {step["name"]: step for step in json.loads(Path(outcome["files"][0]).read_text())["steps"]}
    assert len(steps) == 10 and all(step["passed"] for step in steps.values()), steps
    assert steps["Ethernet link"]["detail"].startswith("up, address 10.") and "Wi-Fi level" not in steps
    assert steps["Every key"]["detail"] == "all 12 keys"
    code, out, err = run("diagnose", "--json")
    found = json.loads(out)
    assert code == 0 and found["facts"]["wifi"] == "ok" and found["measured"]["rssi"] is None, err


def test_a_pulled_plug_is_named_and_what_to_do(
    bench: Bench, wired: Board, wired_image: Path, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    running = simulated(wired, tmp_path, 0)
    running.when_on = lambda bench: bench.network(False)
    board = bench(0, image=wired_image.read_bytes(), running=running)
    run("provision", "--new-authority")
    rows = batch(tmp_path / "boards.csv", centre, board.mac)
    assert run("provision", rows, "--no-selftest")[0] == 0
    with Technician(running):
        result = run("selftest", "--step", "link", "--step", "broker")
    refused(result, "failed its self-test: Ethernet link (no link)", "wired: cable, socket, switch")
    assert "after link" in result[1], "the broker is not waited for"
    refused(run("selftest", "--step", "wifi"), "wt32-eth01-4mb has no step wifi", "`--step link`")


def test_a_passphrase_is_not_put_where_it_is_of_no_use(
    bench: Bench, wired: Board, wired_image: Path, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    board = bench(0, image=wired_image.read_bytes())
    run("provision", "--new-authority")
    rows = batch(tmp_path / "boards.csv", centre, board.mac, more=(",wifi_ssid,wifi_psk", ",shop,a secret of the shop"))
    assert run("provision", rows, "--no-selftest")[0] == 0
    nvs = wired.partition("nvs")
    held = nvs_reader.read(board.flash.read(nvs.offset, nvs.size), "cheyou")
    assert held["id"] == b"T-00" and not {"wifi_ssid", "wifi_psk"} & held.keys()
    unit = UnitStore(tmp_path / "bench" / "units").find(board.mac)
    assert unit is not None and unit.identity.wifi_psk == ""


def test_a_board_with_wifi_is_not_sent_out_without(
    bench: Bench, image: Path, wired_image: Path, run: Run, tmp_path: Path, centre: CentreProcess
) -> None:
    """Neither from a batch, nor as the spare of a terminal that had a cable."""
    devkit, cabled = bench(0, image=image.read_bytes()), bench(1, image=wired_image.read_bytes())
    run("provision", "--new-authority")
    rows = batch(tmp_path / "boards.csv", centre, devkit.mac)
    before = devkit.flash.image()
    result = run("provision", rows, "--no-selftest", "--port", devkit.port)
    refused(result, f"line 2 has no wifi_ssid, and {devkit.mac} is esp32-devkit-4mb", "fill it in")
    rows = batch(tmp_path / "boards.csv", centre, cabled.mac)
    assert run("provision", rows, "--no-selftest", "--port", cabled.port)[0] == 0
    refused(run("swap", cabled.port, devkit.port), "has Wi-Fi alone, and terminal T-00 is wired", "take a spare with Ethernet")
    assert devkit.flash.image() == before
