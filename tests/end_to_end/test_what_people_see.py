"""Each outage from both sides of the counter: what the cashier reads off the glass, and what tells the operator.

Nothing said to be saved is lost in any of them; that is proved at length elsewhere (docs/outages.md).
"""

from __future__ import annotations

import contextlib
import json
import resource
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import littlefs
import pytest
from littlefs import LittleFS

from central import marks, quarantine, search
from host_tools import app_image, cli, toolchain
from host_tools.stand import screens
from protocol import fault, topics
from protocol.record import CLOCKS
from simulator.board import BenchBoard
from tests.central.postgres_process import PostgresProcess
from tests.end_to_end.conftest import Counter, alive
from tests.end_to_end.shop import Shop, until

Open = Callable[..., Counter]
BY_LIST = screens.TEXTS["words"]["by_list"]
TRACEBACK = b'Traceback (most recent call last):\n  File "resident.py", in hex\nKeyError: 13800138000\n'


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., tuple[Shop, Counter]]]:
    """A shop of the test's own, whose centre may suffer, with one terminal that has its list."""
    with contextlib.ExitStack() as stack:

        def opened(db: str | None = None) -> tuple[Shop, Counter]:
            shop = Shop(tmp_path, None, db)
            stack.callback(shop.close)
            at = Counter(*shop.bench())
            stack.callback(alive, at.bench)
            stack.callback(at.bench.close)
            at.cashier.switch_on()
            at.cashier.wait_list()
            return shop, at

        yield opened


def health(shop: Shop, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and words of `cheyou central health`."""
    code = cli.run(["central", "health", "--url", f"http://127.0.0.1:{shop.centre.http_port}"])
    return code, capsys.readouterr().out.strip()


def operator_sees(shop: Shop, capsys: pytest.CaptureFixture[str], words: str) -> None:
    """`cheyou central health` says so, and its exit code with it."""
    code = 0 if words == "all is well" else 1

    def looked() -> bool | None:
        found = health(shop, capsys)
        return True if found[0] == code and words in found[1] else None

    until(looked, 20, lambda: health(shop, capsys))


def waiting(at: Counter, count: int) -> None:
    """The terminal's own page says how many have no receipt."""
    at.cashier.page(0, lambda rows: screens.fits(screens.SCREENS["status_network"], rows, {"waiting": count}))


def test_disk_full_at_the_centre(own: Callable[..., tuple[Shop, Counter]], capsys: pytest.CaptureFixture[str]) -> None:
    """The cashier notices nothing: checks are reads, and what is saved is on the terminal. The operator is told."""
    shop, at = own()
    process = shop.centre._process
    assert process
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, most))  # not one page more goes into the write-ahead log
    assert at.cashier.check(shop.member()).reason == "valid"
    assert at.cashier.redeem() == 1
    at.cashier.leave()
    waiting(at, 1)
    operator_sees(shop, capsys, "the database takes no records")
    assert not shop.records(at.terminal)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
    at.cashier.wait_received(20)
    shop.wait_records(at.terminal, 1)
    operator_sees(shop, capsys, "all is well")


def test_database_server_gone(
    own: Callable[..., tuple[Shop, Counter]], tool: Callable[[Callable[[], Path]], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Checks are answered from the list, within a second, and say so; records wait; the operator is told."""
    server = PostgresProcess(tool(toolchain.postgres_bin))
    try:
        shop, at = own(server.database())
        server.kill()
        shown = at.cashier.check(shop.member())
        assert shown.reason == "valid"
        assert shown.rows[1].rstrip().endswith(BY_LIST)
        assert shown.ms <= 1000
        assert at.cashier.redeem() == 1
        at.cashier.leave()
        waiting(at, 1)
        operator_sees(shop, capsys, "the database takes no records")
        server.start()
        at.cashier.wait_received(30)
        shop.wait_records(at.terminal, 1)
        operator_sees(shop, capsys, "all is well")
    finally:
        server.remove()


def test_wrong_clock_is_put_right_by_the_centre(shop: Shop, counter: Open) -> None:
    """Half an hour ahead, nobody can know it offline: the record names its clock and is marked. Online it is right again."""
    at = counter()
    at.cashier.wait_list()
    at.wait_settings_kept()
    at.bench.power_cut()
    at.bench.network(False)
    ahead = datetime.now(UTC) + timedelta(minutes=30)
    at.bench.clock_chip(ahead)
    at.cashier.switch_on(online=False)
    assert at.cashier.check(shop.member()).reason == "valid"
    assert at.cashier.redeem() == 1
    at.cashier.leave()
    at.bench.network(True)
    at.cashier.wait_idle(online=True)
    first = shop.wait_records(at.terminal, 1)[0]
    assert CLOCKS[first.clock] == "chip"
    with shop.database.read() as connection:
        listed = search.redemptions(connection, search.Query(terminal=at.terminal))["items"]
    assert "ahead" in listed[0]["marks"]
    assert marks.names(first.marks) == ["ahead"]
    assert at.cashier.check(shop.member()).reason == "valid"
    at.cashier.redeem()
    second = shop.wait_records(at.terminal, 2)[1]
    assert CLOCKS[second.clock] == "centre"
    assert abs(second.time - second.received_at) < 60


def test_a_year_ahead_is_refused(shop: Shop, counter: Open) -> None:
    """No list is for that month, and the old one is too old: a reason, and the next step."""
    at = counter()
    at.cashier.wait_list()
    at.wait_settings_kept()
    at.bench.power_cut()
    at.bench.network(False)
    at.bench.clock_chip(datetime.now(UTC) + timedelta(days=365))
    at.cashier.switch_on(online=False)
    shown = at.cashier.check(shop.member())
    assert shown.reason in ("list_missing", "list_too_old")
    assert shown.rows == screens.refusal(shown.reason)
    at.cashier.leave()
    at.bench.network(True)
    at.cashier.wait_idle(online=True)
    assert at.cashier.check(shop.member()).reason == "valid"


def _file_system(bench: BenchBoard) -> LittleFS:
    """The terminal's file system, to be read and changed while it is off."""
    data = bench.partition("vfs")
    system = LittleFS(
        block_size=app_image.BLOCK, block_count=len(data) // app_image.BLOCK, read_size=app_image.READ_SIZE,
        prog_size=app_image.READ_SIZE, cache_size=app_image.CACHE_SIZE, lookahead_size=app_image.LOOKAHEAD, mount=False,
    )  # fmt: skip
    system.context.buffer[:] = data
    system.mount()
    return system


def test_a_failure_is_told_and_then_forgotten(shop: Shop, counter: Open, capsys: pytest.CaptureFixture[str]) -> None:
    """What a terminal kept of its last failure comes to the operator by itself, without a number in it, and makes room."""
    at = counter(on=False)
    system = _file_system(at.bench)
    with system.open("/fault", "wb") as file:
        file.write(TRACEBACK)
    at.bench.write_partition("vfs", bytes(system.context.buffer))
    at.cashier.switch_on()
    held = _told(shop, topics.up(at.terminal, "fault"))
    assert (held["reason"], held["terminal"]) == ("KeyError", at.terminal)
    assert cli.run(["logs", "--terminal", at.terminal, "--raw", "--db", shop.centre.db]) == 0
    said = capsys.readouterr().out
    assert "in hex\nKeyError: #" in said
    assert "13800138000" not in said

    def gone() -> bool | None:
        with contextlib.suppress(littlefs.LittleFSError):
            _file_system(at.bench).stat("/fault")
            return None
        return True

    until(gone, 30)


def test_damaged_settings_are_kept_and_come_again(shop: Shop, counter: Open) -> None:
    """The terminal starts without them, refuses what it does not know, gets them again, and tells what they looked like."""
    at = counter()
    at.cashier.wait_list()
    at.wait_settings_kept()
    at.bench.power_cut()
    system = _file_system(at.bench)
    with system.open("/settings/settings", "rb") as file:
        content = bytearray(file.read())
    content[40] ^= 0x20
    with system.open("/settings/settings", "wb") as file:
        file.write(bytes(content))
    at.bench.write_partition("vfs", bytes(system.context.buffer))
    at.bench.network(False)
    at.bench.clock_chip(datetime.now(UTC))
    at.cashier.switch_on(online=False)
    assert at.cashier.check(shop.member()).reason == "list_damaged"  # its key is in the settings
    at.cashier.leave()
    at.bench.network(True)
    at.cashier.wait_idle(online=True)
    held = _told(shop, topics.down(at.terminal, "settings"))
    with shop.database.read() as connection:
        kept = quarantine.entry(connection, held["id"])
    assert bytes(kept["bytes"]) == bytes(content[: fault.MOST])
    assert kept["length"] == len(content)
    at.cashier.wait_list()
    assert at.cashier.check(shop.member()).reason == "valid"


def test_three_failed_starts_end_in_safe_mode(shop: Shop, counter: Open, tmp_path: Path) -> None:
    """The cashier reads what to do; the journal is as it was, and `cheyou rescue` reads it from the flash."""
    at = Counter(*shop.bench())
    with at.bench:
        at.cashier.switch_on()
        at.cashier.wait_list()
        assert at.cashier.check(shop.member()).reason == "valid"
        at.cashier.redeem()
        shop.wait_records(at.terminal, 1)
        at.bench.power_cut()
        before = at.bench.partition("journal")
        system = _file_system(at.bench)
        with system.open("/a/resident.mpy", "rb") as file:
            code = bytearray(file.read())
        # Rot in the code: it loads up to the last of its modules.
        code[len(code) // 2 :] = bytes(len(code) - len(code) // 2)
        with system.open("/a/resident.mpy", "wb") as file:
            file.write(bytes(code))
        at.bench.write_partition("vfs", bytes(system.context.buffer))
        at.bench.power_on()
        at.cashier.wait("safe_mode", 60)
        assert at.bench.partition("journal") == before
        image = tmp_path / "flash.bin"
        image.write_bytes(at.bench.flash_image())
    output = tmp_path / "records.json"
    arguments = ["rescue", "--image", str(image), "--db", shop.centre.db, "-o", str(output)]
    assert cli.run(arguments) == 0
    assert [row["sequence"] for row in json.loads(output.read_text()) if row["stream"] == "records"] == [1]


def _told(shop: Shop, source: str) -> dict[str, object]:
    """Wait for what a terminal has told of; its entry in the quarantine."""
    return dict(until(lambda: next(iter(shop.quarantine(source)), None), 30)._mapping)
