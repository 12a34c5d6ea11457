"""`make bench-list`: the member list beside a sorted file, a file a member and a binary fuse filter, and what its promises cost.

Writes `list_*` and `check_offline_esp32_ms` into build/bench.json, and docs/list-bench.md with its plot.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from central.list_builder import build_list
from central.list_contents import ListBytes
from central.list_delta import build_delta
from central.list_layout import MOBILE_NUMBERS
from host_tools import bench_file
from host_tools.bench import list_report
from host_tools.bench.list_contenders import (
    KEY,
    SECTOR,
    SHARES,
    Classes,
    Contender,
    Numbers,
    contenders,
    facts,
    ours,
    people,
)
from host_tools.bench.list_strangers import accepted, fuse_false_accepts
from host_tools.bench.list_terminal import Cost, Update, asked_of, cost, esp32_ms, update
from host_tools.bench_file import Figures, figure
from protocol.member_list import MemberList

SIZES = (10_000, 100_000, 1_000_000)
CHANGES = (0.001, 0.01, 0.1)
CITY = 300_000
HEAD = 256  # in front of each file in flash, firmware/terminal/list_file.py
_STRANGERS = 10_000_000
_BOARDS = {"list_capacity_4mb": 0x98000, "list_capacity_8mb": 0x200000}  # bytes of one list partition


@dataclass
class Results:
    """Everything measured; `list_report` turns it into a page."""

    costs: dict[int, list[tuple[Contender, Cost]]] = field(default_factory=dict)
    bounds: dict[int, float] = field(default_factory=dict)
    deltas: dict[float, tuple[int, float]] = field(default_factory=dict)  # share changed → bytes, seconds to build
    chain: list[int] = field(default_factory=list)  # bytes of seven daily deltas, each on the one before
    reach_back: int = 0  # bytes of the seventh day's delta when it reaches back to the base
    with_deltas: dict[int, Cost] = field(default_factory=dict)
    city: tuple[int, int] = (0, 0)
    false_accepts: int = -1
    fuse_accepts: int = -1
    update: Update | None = None
    capacities: dict[str, int] = field(default_factory=dict)
    esp32: dict[int, float] = field(default_factory=dict)  # deltas behind the base → ms


def bound(count: int) -> float:
    """Bits a member that no exact list can do without: which numbers, and the entropy of their classes."""
    size = MOBILE_NUMBERS[1]
    which = math.lgamma(size + 1) - math.lgamma(count + 1) - math.lgamma(size - count + 1)
    return which / math.log(2) / count - sum(share * math.log2(share) for share in SHARES)


def changed(numbers: Numbers, classes: Classes, share: float, seed: int) -> tuple[Numbers, Classes]:
    """The members after that share of them left and as many new ones came."""
    count = round(len(numbers) * share)
    coming, their_classes = people(count + 1000, seed)
    coming = coming[~np.isin(coming, numbers)][:count]
    return np.concatenate((numbers[count:], coming)), np.concatenate((classes[count:], their_classes[:count]))


def stacked(files: list[bytes]) -> tuple[bytes, list[int]]:
    """A base and its deltas as they lie behind one another in flash, and where the deltas begin."""
    image, places = b"", []
    for data in files:
        image = image.ljust(-(-len(image) // SECTOR) * SECTOR, b"\xff")
        places.append(len(image))
        image += data
    return image, places[1:]


def capacity(partition_bytes: int) -> int:
    """The most members (in thousands) whose base and one delta of 1 % fit a partition."""

    def fits(thousands: int) -> bool:
        numbers, classes = people(1000 * thousands, 7)
        base = build_list(numbers, classes, facts(), KEY)
        later = changed(numbers, classes, 0.01, 8)
        delta = build_delta(base, [], *later, facts(2), KEY)
        return sum(-(-(HEAD + len(data)) // SECTOR) * SECTOR for data in (base, delta)) <= partition_bytes

    low, high = 1, partition_bytes // 1500
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return 1000 * low


def measure() -> Results:
    """Everything; some minutes."""
    results = Results()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in SIZES:
            _say(f"{count:,} members")
            numbers, classes = people(count + 2000, count)
            strangers = numbers[count:]
            members, theirs = numbers[:count], classes[:count]
            results.bounds[count] = bound(count)
            asked = asked_of(members, strangers, 1000)
            made = contenders(members, theirs)
            results.costs[count] = [(contender, cost(contender, asked, folder)) for contender in made]
        base = results.costs[count][0][0]
        _say("deltas")
        _measure_deltas(results, base, members, theirs, folder)
        results.update = update(base.image, results.costs[100_000][0][0].image, folder)
        _say("strangers")
        strange = people(_STRANGERS + len(members), 99)[0]
        strange = strange[~np.isin(strange, members)][:_STRANGERS]
        results.false_accepts = accepted(base.image, strange, members, theirs)
        reader = MemberList(ListBytes(base.image), KEY)
        results.false_accepts += sum(reader.lookup(number) is not None for number in strange[:20_000].tolist())
        results.fuse_accepts = fuse_false_accepts(results.costs[count][2][0], strange)
        _say("capacity")
        results.capacities = {key: capacity(size) for key, size in _BOARDS.items()}
    return results


def _measure_deltas(results: Results, base: Contender, members: Numbers, classes: Classes, folder: Path) -> None:
    for share in CHANGES:
        later = changed(members, classes, share, 1 + round(1 / share))
        started = time.perf_counter()
        results.deltas[share] = len(build_delta(base.image, [], *later, facts(2), KEY)), time.perf_counter() - started
    chain: list[bytes] = []
    now, theirs = members, classes
    for day in range(7):
        now, theirs = changed(now, theirs, 0.01, 1000 + day)
        chain.append(build_delta(base.image, chain, now, theirs, facts(2 + day), KEY))
    results.chain = [len(delta) for delta in chain]
    results.reach_back = len(build_delta(base.image, [], now, theirs, facts(9), KEY))
    strangers = people(3000, 55)[0]
    strangers = strangers[~np.isin(strangers, now) & ~np.isin(strangers, members)]
    results.esp32[0] = esp32_ms(results.costs[len(members)][0][1])
    for count in (1, 7):
        image, places = stacked([base.image, *chain[:count]])
        staying = members[len(members) // 2 :]
        made = replace(base, image=image, parameters=tuple(places))
        results.with_deltas[count] = cost(made, asked_of(staying, strangers, 500), folder)
        results.esp32[count] = esp32_ms(results.with_deltas[count])
    numbers, rows = people(CITY, 3)
    city = ours(numbers, rows)
    results.city = city.size, len(build_delta(city.image, [], *changed(numbers, rows, 0.01, 4), facts(2), KEY))


def figures(results: Results) -> Figures:
    """What goes into build/bench.json. The numbers compared with: the bound, the target, or the sorted file of the same run."""
    million = SIZES[-1]
    (made, lookup), (_, bisection) = results.costs[million][:2]
    bits = 8 * made.size / million
    return {
        "list_bits_per_member_1m": figure(round(bits, 4), "bit", round(results.bounds[million], 4)),
        "list_bits_over_bound_1m": figure(round(bits - results.bounds[million], 4), "bit", 0.4),
        "list_build_s_1m": figure(round(made.build_s, 3), "s", 3),
        "list_delta_1pct_ratio": figure(round(results.deltas[0.01][0] / made.size, 5), "of the base", 0.025),
        "list_false_accepts_10m": figure(results.false_accepts, "", results.fuse_accepts),
        "list_lookup_flash_reads": figure(lookup.reads, "", round(bisection.mean_reads, 1)),
        "list_lookup_heap_bytes": figure(lookup.heap, "B", 1024),
        "check_offline_esp32_ms": figure(round(results.esp32[0], 2), "ms", 30),
        "check_offline_esp32_7_deltas_ms": figure(round(results.esp32[7], 2), "ms", 30),
        "list_update_longest_step_ms": figure(round(results.update.longest_ms, 1) if results.update else 0, "ms", 45),
        "list_capacity_4mb": figure(results.capacities["list_capacity_4mb"], "members", 250_000),
        "list_capacity_8mb": figure(results.capacities["list_capacity_8mb"], "members", 1_000_000),
        "list_radio_base_bytes_300k": figure(results.city[0], "B"),
        "list_radio_delta_bytes_300k": figure(results.city[1], "B", results.city[0]),
    }


def run() -> Figures:
    """Measure everything, write the page and the plot into docs/; the figures for build/bench.json."""
    results = measure()
    list_report.write(results)
    return figures(results)


def _say(text: str) -> None:
    print(f"bench-list: {text} …", file=sys.stderr, flush=True)


def main() -> int:
    measured = run()
    bench_file.merge(measured)
    for name, entry in measured.items():
        print(f"{name:32} {entry['value']:>12} {entry['unit']:12} compared with {entry['compared_with']}, ratio {entry['ratio']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
