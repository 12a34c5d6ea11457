"""Radio and LAN, through network, socket and asyncio in the real MicroPython."""

from __future__ import annotations

import time

import pytest

JOIN = """
import network, socket, time, asyncio, errno
from machine import Pin
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.config(reconnects=0)
wlan.connect("shop", "secret")
while not wlan.isconnected() and wlan.status() == network.STAT_CONNECTING:
    time.sleep_ms(5)
def mark(on, led=Pin(33, Pin.OUT)):
    led.value(on)
"""


def lamp(board, on: bool, timeout: float = 5) -> None:
    deadline = time.monotonic() + timeout
    while board.leds["green"] is not on:
        assert time.monotonic() < deadline, board.log.read_text()
        time.sleep(0.005)


def test_the_station_joins_as_on_an_esp32(bench) -> None:
    board = bench.put(
        JOIN
        + """
print(wlan.status(), wlan.ifconfig()[0], wlan.status("rssi") < 0, wlan.config("mac") == __import__("machine").unique_id())
try:
    wlan.connect("shop", "secret")
except OSError as e:
    print(e)
wlan.disconnect()
print(wlan.isconnected(), wlan.status(), wlan.ifconfig()[0])
wlan.active(False)
try:
    wlan.connect("shop", "secret")
except OSError as e:
    print(e)
"""
    )
    board.power_on()
    assert board.wait_event("halted", since=0)["status"] == 0
    assert board.log.read_text().splitlines()[1:] == [
        "1010 10.10.0.2 True True",
        "Wifi Internal State Error",
        "False 1000 0.0.0.0",
        "Wifi Not Started",
    ]
    assert [e["event"] for e in board.events.since()] == ["booted", "connected", "disconnected", "halted"]


@pytest.mark.parametrize(("ssid", "key", "status"), [("shop", "secret", 1010), ("shop", "other", 202), ("other", "secret", 201)])
def test_the_access_point_may_be_particular(bench, ssid: str, key: str, status: int) -> None:
    board = bench.put(JOIN + "print('status', wlan.status())")
    board.wifi_accepts(ssid, key)
    board.power_on()
    board.wait_event("halted", since=0)
    assert f"status {status}" in board.log.read_text()


def test_no_network_no_connection(bench) -> None:
    board = bench.put(
        JOIN
        + """
print("status", wlan.status())
for way in (lambda s: s.connect(("127.0.0.1", 9)), lambda s: s.sendto(b"x", ("10.10.0.1", 53))):
    try:
        way(socket.socket())
    except OSError as e:
        print(e.errno == errno.EHOSTUNREACH)
"""
    )
    board.network(False)
    board.power_on()
    board.wait_event("halted", since=0)
    assert board.log.read_text().split()[-4:] == ["status", "201", "True", "True"]


def test_streams_run_through_the_relay(bench, echo) -> None:
    said = bench.run(
        JOIN
        + f"""
async def talk():
    reader, writer = await asyncio.open_connection("127.0.0.1", {echo.port})
    total = 0
    for size in (1, 100, 4000):
        writer.write(b"x" * size)
        await writer.drain()
        total += len(await reader.readexactly(size))
    writer.close()
    await writer.wait_closed()
    print(total)
asyncio.run(talk())
s = socket.socket()
s.connect(("127.0.0.1", {echo.port}))
s.settimeout(1)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.write(b"line\\n")
print(s.readline())
s.close()
"""
    )
    assert said == ["4101", "b'line\\n'"]


def test_delay_is_injected_each_way(bench, echo) -> None:
    board = bench.put(
        JOIN
        + f"""
s = socket.socket()
s.connect(("127.0.0.1", {echo.port}))
for _ in range(3):
    t = time.ticks_ms()
    s.send(b"x")
    s.recv(1)
    print("ms", time.ticks_diff(time.ticks_ms(), t))
"""
    )
    board.lan(delay_ms=25)
    board.power_on()
    board.wait_event("halted", since=0)
    rounds = [int(line[3:]) for line in board.log.read_text().splitlines() if line.startswith("ms")]
    assert min(rounds) >= 50
    assert min(rounds[1:]) < 90  # the best of them: a busy host may be late
    assert rounds[0] >= 100, "connecting takes a round trip too"


def test_lost_packets_come_later_and_in_order(bench, echo) -> None:
    board = bench.put(
        JOIN
        + f"""
s = socket.socket()
s.connect(("127.0.0.1", {echo.port}))
for n in range(20):
    t = time.ticks_ms()
    s.send(b"%02d" % n)
    got = b""
    while len(got) < 2:
        got += s.recv(2 - len(got))
    print("got", got.decode(), time.ticks_diff(time.ticks_ms(), t))
"""
    )
    board.lan(loss=0.2)
    board.power_on()
    board.wait_event("halted", 60, since=0)
    got = [line.split()[1:] for line in board.log.read_text().splitlines() if line.startswith("got")]
    assert [int(number) for number, _ in got] == list(range(20))
    late = [int(ms) for _, ms in got if int(ms) >= 300]
    assert late and board.lost_packets >= len(late)
    assert len(late) < 20, "most get through at once"


def test_a_cut_is_silence_and_what_was_under_way_arrives_later(bench, echo) -> None:
    board = bench.put(
        JOIN
        + f"""
s = socket.socket()
s.connect(("127.0.0.1", {echo.port}))
s.settimeout(1)
s.send(b"a")
print(s.recv(1))
mark(1)
while wlan.isconnected():
    time.sleep_ms(5)
print(wlan.status())
try:
    s.send(b"b")
    s.recv(1)
except OSError as e:
    print(e.errno == errno.EAGAIN or e.errno == errno.ETIMEDOUT)
mark(0)
while True:
    wlan.connect("shop", "secret")
    while wlan.status() == network.STAT_CONNECTING:
        time.sleep_ms(5)
    if wlan.isconnected():
        break
print(s.recv(1))
"""
    )
    board.power_on()
    lamp(board, True)
    board.network(False)
    lamp(board, False)
    board.network(True)
    board.wait_event("halted", since=0)
    assert board.log.read_text().splitlines()[1:] == ["b'a'", "200", "True", "b'b'"]


def test_a_power_cut_leaves_the_far_end_half_open_until_it_speaks(bench, echo) -> None:
    board = bench.put(
        JOIN
        + f"""
s = socket.socket()
s.connect(("127.0.0.1", {echo.port}))
s.send(b"a")
s.recv(1)
mark(1)
time.sleep(100)
"""
    )
    board.power_on()
    lamp(board, True)
    board.power_cut()
    time.sleep(0.2)
    assert echo.ended == []
    board.power_on()
    lamp(board, True)
    assert echo.ended == []
    echo.open[0].sendall(b"are you there?")
    deadline = time.monotonic() + 3
    while not echo.ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert echo.ended == ["reset"]


@pytest.mark.parametrize(
    ("tcp", "said"), [("refuse", "ECONNREFUSED"), ("lost", "no answer"), ("silent", "connected, silent"), ("open", "b'x'")]
)
def test_servers_that_refuse_are_lost_or_silent(bench, echo, tcp: str, said: str) -> None:
    board = bench.put(
        JOIN
        + f"""
import select
s = socket.socket()
s.setblocking(False)
try:
    s.connect(("127.0.0.1", {echo.port}))
except OSError as e:
    if e.errno != errno.EINPROGRESS:
        print(errno.errorcode[e.errno])
        raise SystemExit
poll = select.poll()
poll.register(s, select.POLLOUT)
if not poll.poll(700):
    print("no answer")
    raise SystemExit
s.write(b"x")
poll.modify(s, select.POLLIN)
print(s.read(1) if poll.poll(400) else "connected, silent")
time.sleep(100)
"""
    )
    board.lan(tcp=tcp)
    board.power_on()
    deadline = time.monotonic() + 5
    while said not in board.log.read_text():
        assert time.monotonic() < deadline, board.log.read_text()
        time.sleep(0.01)


def test_names_and_time_are_served(bench) -> None:
    board = bench.put(
        JOIN
        + """
import ntptime, struct
def ask(name):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.settimeout(1)
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    u.sendto(b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + labels + b"\\0\\0\\1\\0\\1", (wlan.ifconfig()[3], 53))
    data, source = u.recvfrom(200)
    u.close()
    return data, source
print(ask("broker.shop")[0][-4:], ask("broker.shop")[1][1], ask("nobody.shop")[0][3] & 15)
print(socket.getaddrinfo("broker.shop", 1883)[0][4])
server = socket.getaddrinfo("pool.ntp.org", 123)[0][4]
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.settimeout(1)
u.sendto(b"\\x1b" + bytes(47), server)
print(struct.unpack(">I", u.recv(48)[40:44])[0] - 2208988800 - 946684800 - ntptime.time() in (-1, 0, 1))
ntptime.settime()
print(time.gmtime()[:4])
"""
    )
    board.lan(hosts={"broker.shop": "127.0.0.1", "nobody.shop": ""})
    board.clock("2026-12-01T00:00:00+08:00")
    board.power_on()
    board.wait_event("halted", since=0)
    assert board.log.read_text().splitlines()[1:] == [
        "b'\\x7f\\x00\\x00\\x01' 53 3",
        "('127.0.0.1', 1883)",
        "True",
        "(2026, 11, 30, 16)",
    ]


def test_tls_runs_over_the_relay(bench, tls_echo_port: int) -> None:
    said = bench.run(
        JOIN
        + f"""
import tls
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.verify_mode = tls.CERT_NONE
async def talk():
    reader, writer = await asyncio.open_connection("127.0.0.1", {tls_echo_port}, ssl=context)
    writer.write(b"x" * 3000)
    await writer.drain()
    print(len(await reader.readexactly(3000)))
    writer.close()
    await writer.wait_closed()
asyncio.run(talk())
"""
    )
    assert said == ["3000"]


def test_a_name_server_may_be_silent(bench) -> None:
    board = bench.put(
        JOIN
        + """
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.settimeout(0.3)
u.sendto(b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\1a\\0\\0\\1\\0\\1", (wlan.ifconfig()[3], 53))
try:
    u.recv(100)
except OSError:
    print("silence")
"""
    )
    board.lan(dns="silent", hosts={"a": "127.0.0.1"})
    board.power_on()
    assert board.wait_event("halted", since=0)["last_line"] == "silence"


def test_settings_that_do_not_exist_are_refused(bench) -> None:
    board = bench.put("")
    with pytest.raises(ValueError, match="tcp is one of"):
        board.lan(tcp="maybe")
