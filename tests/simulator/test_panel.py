"""The panel without a browser: what its WebSocket takes and tells, its finger, its gauge."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nor_flash import SECTOR, NorFlash
from nor_flash import Partition as NorPartition
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from firmware.terminal.journal import Journal
from host_tools import boards
from host_tools.errors import CheYouError
from protocol.record import Record, Sealer
from simulator.board import BenchBoard
from simulator.dots import dots
from simulator.panel import finger as fingers
from simulator.panel.app import Panel
from simulator.panel.feed import Feed
from simulator.panel.finger import Finger
from simulator.panel.journal_gauge import Gauge, gauge
from simulator.panel.server import PanelServer, Shown

DRAWS = """
    import time
    from machine import PWM, Pin
    lcd = {n: Pin(p, Pin.OUT) for n, p in (("rs", 19), ("en", 23), (4, 18), (5, 17), (6, 16), (7, 4))}
    light, green, tone = Pin(5, Pin.OUT, value=1), Pin(33, Pin.OUT, value=0), PWM(Pin(25), freq=1000, duty_u16=0)
    def nibble(bits, rs=0):
        lcd["rs"].value(rs)
        for n in range(4):
            lcd[4 + n].value(bits >> n & 1)
        lcd["en"].value(1)
        lcd["en"].value(0)
        time.sleep_ms(2)
    def send(byte, rs=0):
        nibble(byte >> 4, rs)
        nibble(byte & 15, rs)
    time.sleep_ms(40)
    for n in (3, 3, 3, 2):
        nibble(n)
        time.sleep_ms(5)
    for byte in (0x28, 0x0c, 0x01, 0x06):
        send(byte)
    for byte in b"panel":
        send(byte, 1)
    green.value(1)
    tone.freq(440)
    tone.duty_u16(1000)
    time.sleep_ms(60)
    tone.duty_u16(0)
    time.sleep(30)
"""


class Browser:
    """One WebSocket; `until` reads on until a frame fits, and returns it."""

    def __init__(self, socket: WebSocketTestSession) -> None:
        self.socket = socket

    def until(self, fits: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            frame: dict[str, Any] = self.socket.receive_json()
            if fits(frame):
                return frame
        raise AssertionError("no such frame came")


@pytest.fixture
def drawing(bench: Any) -> BenchBoard:
    """A board that draws, lights and beeps by itself once it has power."""
    made: BenchBoard = bench.put(DRAWS)
    return made


@pytest.fixture
def client(drawing: BenchBoard) -> Iterator[TestClient]:
    board = boards.load("esp32-devkit-4mb")
    with TestClient(Panel([Feed(0, "T0001", board.title, board.keypad.layout, drawing)]).app) as client:
        yield client


def test_a_browser_is_told_everything_and_each_change(client: TestClient, drawing: BenchBoard) -> None:
    with client.websocket_connect("/ws") as socket:
        browser = Browser(socket)
        (terminal,) = browser.until(lambda frame: "terminals" in frame)["terminals"]
        assert terminal["name"] == "T0001" and terminal["layout"] == ["123A", "456B", "789C", "*0#D"]
        assert (terminal["display"]["width"], terminal["display"]["height"]) == (80, 16)
        assert browser.until(lambda frame: "power" in frame)["power"] is False
        socket.send_json({"t": 0, "power": True})
        assert browser.until(lambda frame: "power" in frame)["power"] is True
        assert browser.until(lambda frame: frame.get("tone"))["tone"] == 440
        assert browser.until(lambda frame: "tone" in frame)["tone"] == 0
        facts = browser.until(lambda frame: "facts" in frame)["facts"]
        assert abs(facts["time"] - time.time()) < 60 and facts["waiting"] == facts["capacity"] == 0
    drawing.wait_lcd("panel")
    with client.websocket_connect("/ws") as socket:
        glass = Browser(socket).until(lambda frame: "glass" in frame)
        assert base64.b64decode(glass["glass"]) == dots(drawing.display).packed()
        assert glass["rows"][0].startswith("panel") and glass["backlight"] is True
    with client.websocket_connect("/ws") as socket:
        assert Browser(socket).until(lambda frame: "led" in frame)["led"] == {"green": True, "red": False}


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("{", "Expecting"),
        ("[]", "which terminal"),
        ('{"t": 1, "up": true}', "which terminal"),
        ('{"t": 0, "down": "E"}', "no key 'E'"),
        ('{"t": 0, "down": 5}', "nothing known"),
        ('{"t": 0, "power": 1}', "nothing known"),
        ('{"t": 0, "time": "yesterday"}', "Invalid isoformat"),
        ('{"t": 0, "time": "2026-12-01T00:00:00"}', "offset from UTC"),
    ],
)
def test_nonsense_is_answered_and_nothing_more(client: TestClient, wish: str, said: str) -> None:
    with client.websocket_connect("/ws") as socket:
        socket.send_text(wish)
        assert said in Browser(socket).until(lambda frame: "error" in frame)["error"]
        socket.send_text(json.dumps({"t": 0, "network": False}))
        Browser(socket).until(lambda frame: frame.get("network") is False)


def test_pages_from_elsewhere_are_turned_away(client: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/ws", headers={"origin": "http://evil.example"}) as socket,
    ):
        socket.receive_json()
    with client.websocket_connect("/ws", headers={"origin": "http://testserver"}) as socket:
        assert "terminals" in socket.receive_json()


def test_a_key_is_let_go_when_its_browser_goes(client: TestClient, drawing: BenchBoard) -> None:
    watching = client.websocket_connect("/ws")
    with watching as other:
        with client.websocket_connect("/ws") as socket:
            socket.send_json({"t": 0, "down": "5"})
            assert Browser(other).until(lambda frame: "key" in frame) == {"t": 0, "key": "5", "down": True}
        assert Browser(other).until(lambda frame: "key" in frame) == {"t": 0, "key": "5", "down": False}


def test_the_page_is_served_as_files(client: TestClient) -> None:
    assert "<title>CheYou Terminal</title>" in client.get("/").text
    assert client.get("/panel.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/../app.py").status_code == 404


def test_a_finger_is_no_faster_than_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[tuple[float, str, bool]] = []

    async def scene() -> None:
        finger = Finger(lambda key, closed: moved.append((time.monotonic(), key, closed)))
        task = asyncio.create_task(finger.run())
        for key in "138":
            finger.down(key)  # each lets go of the one before
        finger.up()
        await asyncio.sleep(0.4)
        finger.down("*")
        await asyncio.sleep(0.3)
        finger.up()
        await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(scene())
    assert [(key, closed) for _, key, closed in moved] == [(key, closed) for key in "138*" for closed in (True, False)]
    times = [at for at, _, _ in moved]
    down = [up - closed for closed, up in zip(times[::2], times[1::2], strict=True)]
    between = [closed - up for up, closed in zip(times[1::2], times[2::2], strict=False)]
    assert min(down) >= fingers.DOWN_S * 0.95 and down[3] >= 0.29
    assert min(between) >= fingers.UP_S * 0.95


class Flash:
    """Stands for a board: only its journal's sectors."""

    def __init__(self, memory: bytearray) -> None:
        self._memory = memory

    def sector_heads(self, label: str, length: int) -> list[bytes]:
        assert label == "journal"
        return [bytes(self._memory[at : at + length]) for at in range(0, len(self._memory), SECTOR)]


def test_the_gauge_agrees_with_the_journal() -> None:
    flash = NorFlash(4)
    board: Any = Flash(flash.memory)
    assert gauge(board) is None
    key = bytes(range(32))
    journal = Journal(NorPartition(flash), Sealer(key), lambda above: above + 1)
    for serial in range(150):
        journal.append(Record(1, 0, 0, 1_790_000_000 + serial, 2, 0, 202612, 13800138000, 2, 1, 3, 9, 0, 0, 0, 0, 0, 0))
        if serial % 40 == 39:
            epoch, first, _, slots = journal.batch(32)
            upto = first + len(slots) - 1
            assert journal.receipt(epoch, upto, slots[-1][:16])
        while journal.idle():
            pass
        assert gauge(board) == Gauge(journal.waiting, journal.capacity, serial + 1), serial


def test_a_port_in_use_is_said(drawing: BenchBoard) -> None:
    shown = [Shown("T0001", boards.load("esp32-devkit-4mb"), drawing)]
    with PanelServer(shown) as panel:
        port = int(panel.url.split(":")[2].strip("/"))
        with pytest.raises(CheYouError, match=f"nothing can listen on 127.0.0.1:{port}"):
            PanelServer(shown, port=port)
