"""The uplink on MicroPython against a real Mosquitto, against brokers that misbehave and against bad name servers.

Every run has a heartbeat of 5 ms beside the uplink: whatever happens on the network, it must not come late.
"""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from host_tools import toolchain
from tests.uplink import brokers
from tests.uplink.brokers import ACCEPTED, GRANTED, dns_answer, publish, say
from tests.uplink.sides import Side, run

LATEST_US = 400_000


class Mosquitto:
    """A real broker on a free port."""

    def __init__(self, program: Path, port: int, folder: Path) -> None:
        self.port = port
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 20\n")
        self._program = program
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", self._config], stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("Mosquitto does not start")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def client(self) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        return client


@pytest.fixture
def mosquitto(tool: Callable[..., Path], free_port: int, tmp_path: Path) -> Iterator[Mosquitto]:
    server = Mosquitto(tool(toolchain.mosquitto), free_port, tmp_path)
    yield server
    server.stop()


def punctual(summary: dict[str, Any]) -> bool:
    return summary["worst_us"] <= LATEST_US


def test_messages_both_ways_and_the_will(mosquitto: Mosquitto) -> None:
    client = mosquitto.client()
    heard: list[tuple[str, bytes, bool]] = []
    client.on_message = lambda _client, _data, m: heard.append((m.topic, m.payload, m.retain))
    client.subscribe("t/#", 1)
    client.publish("t/down/settings", b"s" * 700, 1, retain=True).wait_for_publish(5)
    side = Side(host="127.0.0.1", port=mosquitto.port, seconds=1.5)
    time.sleep(0.7)
    client.publish("t/down/verdict", b"v", 0)
    events = side.events()
    time.sleep(0.3)
    messages = [(e["topic"], e["size"]) for e in events if "topic" in e]
    assert messages == [("t/down/settings", 700), ("t/down/verdict", 1)]
    assert ("t/up/hello", b"hello", False) in heard
    assert ("t/will", b"gone", False) in heard
    assert events[-1]["sessions"] == 1 and events[-1]["fault"] is None
    client.loop_stop()


# What umqtt.simple 1.8 has otherwise than 1.3.4, in the lines the uplink runs through.
NEWER = (
    ("import usocket as socket", "import socket"),
    ("import ustruct as struct", "import struct"),
    ("from ubinascii import", "from binascii import"),
    ("ssl=False, ssl_params={}", "ssl=None"),
    ("        self.ssl_params = ssl_params\n", ""),
    ("clean_session=True):", "clean_session=True, timeout=None):"),
    ("self.sock = socket.socket()\n", "self.sock = socket.socket()\n        self.sock.settimeout(timeout)\n"),
    ("if self.user is not None", "if self.user"),
    ("            assert 0\n\n    # Checks", "            assert 0\n        return op\n\n    # Checks"),
)  # fmt: skip


def test_works_with_the_newer_umqtt(mosquitto: Mosquitto, tmp_path: Path) -> None:
    source = (toolchain.library_dir() / "umqtt" / "simple.py").read_text()
    for old, new in NEWER:
        assert old in source, old
        source = source.replace(old, new)
    (tmp_path / "umqtt").mkdir()
    (tmp_path / "umqtt" / "simple.py").write_text(source)
    events = run(library=tmp_path, host="127.0.0.1", port=mosquitto.port, seconds=1, echo=20, user="u", password="p")
    assert any("echo" in e for e in events) and events[-1]["sessions"] == 1


def test_a_megabyte_is_skipped_and_a_failing_handler_survived(mosquitto: Mosquitto) -> None:
    client = mosquitto.client()
    client.publish("t/down/big", b"b" * 1_000_000, 1, retain=True).wait_for_publish(5)
    side = Side(host="127.0.0.1", port=mosquitto.port, seconds=2.5, keepalive=2)
    time.sleep(1)
    client.publish("t/down/x", b"raise", 1)
    client.publish("t/down/edge", b"e" * (8192 - 2 - 11), 1)  # the longest that is taken: 2 bytes topic length, 11 topic
    client.publish("t/down/over", b"o" * (8192 - 2 - 11 - 1), 1)  # with its identifier one byte too long
    client.publish("t/down/after", b"a", 1)
    events = side.events()
    client.loop_stop()
    messages = [(e["topic"], e["size"]) for e in events if "topic" in e]
    summary = events[-1]
    assert messages[-1] == ("t/down/after", 1)
    assert summary["skipped"] >= 1 and summary["handler_faults"] == 1
    assert summary["sessions"] == 1, summary
    assert summary["fault"] == ["handler", "ValueError"]
    assert "13800138000" not in str(events)
    assert punctual(summary), summary


def test_at_most_eight_wait(mosquitto: Mosquitto) -> None:
    events = run(host="127.0.0.1", port=mosquitto.port, seconds=0.5, flood=20)
    assert [e["taken"] for e in events if "taken" in e] == [7]  # and the hello before them


def test_pings_keep_the_session(mosquitto: Mosquitto) -> None:
    # Mosquitto closes after 1.5 keepalives without a packet.
    assert run(host="127.0.0.1", port=mosquitto.port, seconds=4, keepalive=1)[-1]["sessions"] == 1


def test_a_restarted_broker_is_found_again(mosquitto: Mosquitto) -> None:
    side = Side(host="127.0.0.1", port=mosquitto.port, seconds=6)
    time.sleep(1)
    mosquitto.stop()
    time.sleep(0.3)
    mosquitto.start()
    events = side.events()
    assert events[-1]["sessions"] == 2 and events[-1]["connected"]
    assert punctual(events[-1])


def test_a_lost_link_is_known_at_once_and_the_session_survives_it(mosquitto: Mosquitto) -> None:
    events = run(host="127.0.0.1", port=mosquitto.port, seconds=2, down=0.5)
    assert {"connected": False, "sent": False}.items() <= next(e for e in events if "sent" in e).items()
    assert events[-1]["connected"] and events[-1]["sessions"] == 1


# What each broker does, what the uplink shall make of it: the fault's state and a part of its text.
BAD_BROKERS: dict[str, tuple[Callable[[socket.socket], None], str, str]] = {
    "silent after accept": (say(), "connecting", "TimeoutError"),
    "closes at once": (brokers.hang_up, "connecting", ""),
    "garbage": (lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9), "connecting", ""),
    "zeros without end": (lambda line: [line.sendall(bytes(4096)) for _ in range(1000)] and None, "connecting", "no MQTT"),
    "refuses": (say(b"\x20\x02\x00\x05"), "connecting", "code 5"),
    "answer cut off, silent": (say(b"\x20\x02\x00"), "connecting", "TimeoutError"),
    "answer cut off, closed": (say(b"\x20\x02\x00", close=True), "connecting", "closed"),
    "answer too short": (say(b"\x20\x00"), "connecting", "no MQTT"),
    "length without end": (say(b"\x20\xff\xff\xff\xff\xff"), "connecting", "length"),
    "promises 256 MB": (say(b"\x30\xff\xff\xff\x7f" + bytes(1_000_000)), "connecting", "TimeoutError"),
    "a megabyte first": (say(publish(b"t/down/x", bytes(1_000_000))), "connecting", "no MQTT"),
    "silent on subscribe": (say(ACCEPTED), "subscribing", "TimeoutError"),
    "refuses the topic": (say(ACCEPTED, b"\x90\x03\x00\x01\x80"), "subscribing", "code 128"),
    "topic beyond the packet": (say(ACCEPTED, GRANTED + b"\x30\x05\x00\x40abc"), "up", "short packet"),
    "publish without a topic": (say(ACCEPTED, GRANTED + b"\x30\x01\x00"), "up", "short packet"),
    "publish of nothing": (say(ACCEPTED, GRANTED + b"\x30\x00"), "up", "short packet"),
    "identifier missing": (say(ACCEPTED, GRANTED + b"\x32\x04\x00\x02ab"), "up", "short packet"),
    "QoS 2": (say(ACCEPTED, GRANTED + publish(b"t/down/x", b"x", 2)), "up", "QoS"),
    "QoS 3": (say(ACCEPTED, GRANTED + publish(b"t/down/x", b"x", 3)), "up", "QoS"),
    "half a packet, closed": (say(ACCEPTED, GRANTED + b"\x30\x7f\x00", close=True), "up", "closed"),
    "dead once up": (say(ACCEPTED, GRANTED), "up", "silent"),
    "deaf": (brokers.deaf, "up", "TimeoutError"),
}


@pytest.fixture(scope="module")
def bad_ends() -> dict[str, list[dict[str, Any]]]:
    """What each of the bad brokers led to: all at once, for most of them wait."""
    with ThreadPoolExecutor(8) as pool:

        def end(name: str) -> list[dict[str, Any]]:
            with brokers.broker(BAD_BROKERS[name][0], 8192 if name == "deaf" else 0) as port:
                orders: dict[str, Any] = {"pump": True} if name == "deaf" else {}
                seconds = 7 if BAD_BROKERS[name][2] == "TimeoutError" else 3.5
                # A heartbeat that comes late may be this computer's doing; one that is late three times is ours.
                for _ in range(3):
                    events = run(host="127.0.0.1", port=port, seconds=seconds, keepalive=2, **orders)
                    if punctual(events[-1]):
                        break
                return events

        return dict(zip(BAD_BROKERS, pool.map(end, BAD_BROKERS), strict=True))


@pytest.mark.parametrize("name", BAD_BROKERS)
def test_bad_broker(bad_ends: dict[str, list[dict[str, Any]]], name: str) -> None:
    events = bad_ends[name]
    _, state, text = BAD_BROKERS[name]
    summary = events[-1]
    faults = [e["fault"] for e in events if e.get("fault")]
    assert faults, events
    assert faults[0][0] == state and text in faults[0][1], faults
    assert punctual(summary), summary
    # After each fault it pauses, and tries again.
    assert "pausing" in [e.get("state") for e in events]


def test_a_dead_peer_is_known_within_one_and_a_half_keepalives(bad_ends: dict[str, list[dict[str, Any]]]) -> None:
    events = bad_ends["dead once up"]
    up = next(e["ms"] for e in events if "up" in e)
    known = next(e["ms"] for e in events if e.get("faults"))
    assert 1_000 <= known - up <= 3_000, (up, known)


@pytest.mark.parametrize(
    "flood",
    [b"\xd0\x00" * 1_000_000, b"\x30\x80\x80\x80\x10" + bytes(32 << 20)],
    ids=["a million tiny packets", "32 MB in one packet"],
)
def test_a_flood_does_not_take_the_loop(flood: bytes) -> None:
    with brokers.broker(say(ACCEPTED, GRANTED + flood)) as port:
        for _ in range(3):
            summary = run(host="127.0.0.1", port=port, seconds=2.5)[-1]
            if punctual(summary):
                break
    assert punctual(summary), summary
    assert summary["sessions"] == 1 and summary["fault"] is None


def test_slow_broker_is_understood() -> None:
    message = publish(b"t/down/slow", b"s" * 60)
    with brokers.broker(say(ACCEPTED, GRANTED + message, drip=0.01)) as port:
        events = run(host="127.0.0.1", port=port, seconds=2)
    assert {"topic": "t/down/slow", "size": 60}.items() <= next(e for e in events if "topic" in e).items()
    assert events[-1]["sessions"] == 1 and punctual(events[-1])


def test_qos_1_is_acknowledged_and_each_packet_goes_out_in_one_piece() -> None:
    got: list[bytes] = []
    done = threading.Event()

    def talk(line: socket.socket) -> None:
        got.append(line.recv(4096))
        line.sendall(ACCEPTED)
        got.append(line.recv(4096))
        # A message before the subscription is confirmed is allowed.
        line.sendall(publish(b"t/down/early", b"e", 1, 0xFFFF) + GRANTED + publish(b"t/down/x", b"x", 1, 0x1234))
        time.sleep(0.3)
        got.append(line.recv(4096))
        done.set()

    with brokers.broker(talk) as port:
        events = run(host="127.0.0.1", port=port, seconds=0.8, user="u", password="p" * 64)
    assert done.is_set()
    connect, subscribe, rest = got
    assert connect[0] == 0x10 and connect[2:9] == b"\x00\x04MQTT\x04" and connect.endswith(b"p" * 64)
    assert connect[9] == 0b1110_0110  # user, password, will retained at QoS 0, clean session
    assert subscribe == b"\x82\x0d\x00\x01\x00\x08t/down/+\x01"
    assert b"\x40\x02\xff\xff" in rest and b"\x40\x02\x12\x34" in rest and b"\xc0\x00" in rest
    assert [e["topic"] for e in events if "topic" in e] == ["t/down/early", "t/down/x"]


def test_packet_identifier_starts_anew_with_each_session() -> None:
    subscribes: list[bytes] = []

    def talk(line: socket.socket) -> None:
        brokers.packet(line)
        line.sendall(ACCEPTED)
        subscribes.append(brokers.packet(line)[2:4])
        line.close()

    with brokers.broker(talk) as port:
        run(host="127.0.0.1", port=port, seconds=4)
    assert len(subscribes) >= 2 and set(subscribes) == {b"\x00\x01"}


HERE = bytes([127, 0, 0, 1])
WRONG = bytes([127, 0, 0, 99])


def test_black_holed_name_server() -> None:
    with brokers.name_server(lambda query: []) as port:
        events = run(host="broker.test", port=1, seconds=7, dns_port=port)
    fault = next(e for e in events if e.get("fault"))
    assert fault["fault"] == ["resolving", "no answer from the name server"] and 5_900 <= fault["ms"] <= 6_600
    assert punctual(events[-1])


def test_last_known_address_serves_when_names_do_not() -> None:
    with brokers.broker(say(ACCEPTED, GRANTED)) as port, brokers.name_server(lambda query: []) as dns_port:
        events = run(host="broker.test", port=port, seconds=3, dns_port=dns_port, known="127.0.0.1")
    up = next(e["ms"] for e in events if "up" in e)
    assert 1_900 <= up <= 2_500 and punctual(events[-1])


def forged_then_true(query: bytes) -> list[bytes]:
    """Answers that must not be believed, then one that must, behind an alias."""
    true = dns_answer(query, (5, b"\x05other\x04test\x00"), (28, bytes(16)), (1, HERE))
    other_question = query[:12] + query[12:].replace(b"broker", b"broken")
    return [
        dns_answer(bytes([query[0] ^ 1]) + query[1:], (1, WRONG)),  # another number
        b"ELSEWHERE" + dns_answer(query, (1, WRONG)),  # from another port
        dns_answer(other_question, (1, WRONG)),
        query,  # our own question back
        dns_answer(query, (1, WRONG))[:-3],  # cut off
        b"",
        b"\xff" * 40,
        true,
    ]


def test_forged_answers_are_not_believed() -> None:
    with brokers.broker(say(ACCEPTED, GRANTED)) as port, brokers.name_server(forged_then_true) as dns_port:
        events = run(host="broker.test", port=port, seconds=1, dns_port=dns_port)
    assert events[-1]["known"] == {"broker.test": "127.0.0.1"} and events[-1]["sessions"] == 1


def test_a_name_that_does_not_exist_is_no_reason_to_wait() -> None:
    with brokers.name_server(lambda query: [dns_answer(query, code=3)]) as dns_port:
        events = run(host="broker.test", port=1, seconds=1, dns_port=dns_port)
    fault = next(e for e in events if e.get("fault"))
    assert fault["fault"][0] == "resolving" and fault["ms"] < 500


def test_refused_connections(free_port: int) -> None:
    events = run(host="127.0.0.1", port=free_port, seconds=0.5)
    assert next(e["fault"] for e in events if e.get("fault"))[0] in ("opening", "connecting")
    assert punctual(events[-1])


def test_round_trip_is_quick(mosquitto: Mosquitto) -> None:
    """Uplink → Mosquitto → uplink: no timer is in the way."""
    for _ in range(3):
        events = run(host="127.0.0.1", port=mosquitto.port, seconds=2, echo=300)
        median, _p99, _worst = next(e["echo"] for e in events if "echo" in e)
        if median < 2_000:
            return
    raise AssertionError(median)
