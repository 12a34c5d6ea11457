"""docs/list-bench.md and its plot, from what `make bench-list` has measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from host_tools.bench import list_terminal
from host_tools.toolchain import ROOT

if TYPE_CHECKING:
    from host_tools.bench.member_list import Results

PAGE = ROOT / "docs" / "list-bench.md"
_ERASE_S, _PROGRAM_S = 0.045, 0.0007
PLOT = PAGE.with_suffix(".svg")

_INTRODUCTION = """\
# The member list, measured

Written by `make bench-list`; all in one run on one machine. Members are random numbers of the 7·10⁹ possible ones
in three tiers (75 / 20 / 5 %). Look-ups (half members, half strangers) run the terminal's own code on 32-bit MicroPython
over an image of the flash; a *read* is one `readblocks`, *heap* what one look-up allocates with the collector off,
*instructions* are callgrind's on the i386 build.

![bits a member and flash reads by number of members](list-bench.svg)

| members | list | bits a member | over the bound | reads, mean (most) | instructions | heap, mean (most) B | built in s |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def write(results: Results) -> None:
    """Write page and plot."""
    PAGE.write_text(_page(results), encoding="utf-8")
    _plot(results)


def _page(results: Results) -> str:
    lines = []
    for count, rows in results.costs.items():
        for made, cost in rows:
            bits = 8 * made.size / count
            size = f"{bits:.2f} | {bits - results.bounds[count]:.2f}"
            effort = f"{cost.mean_reads:.1f} ({cost.reads}) | {cost.instructions or 0:,} | {cost.mean_heap:.0f} ({cost.heap})"
            lines.append(f"| {count:,} | {made.title} | {size} | {effort} | {made.build_s:.2f} |")
    million = max(results.costs)
    base = results.costs[million][0][0]
    text = _INTRODUCTION + "\n".join(lines)
    text += f"""

The bound is log₂ C(7·10⁹, n)/n plus the 0.99 bit of the tiers: no exact list of the same takes less. The fuse filter has
no tiers and took {results.fuse_accepts} of 10,000,000 strangers for members; this list took {results.false_accepts}.
The sorted file and the files lie open to anyone who reads the flash. A file a member is not built beyond 10,000:
littlefs walks the directory for each file, so time grows with the square.

## Deltas, {million:,} members

| change (as many removed as added) | bytes | of the base | built in s |
| --- | ---: | ---: | ---: |
"""
    for share, (delta, seconds) in results.deltas.items():
        text += f"| {100 * share:g} % | {delta:,} | {100 * delta / base.size:.2f} % | {seconds:.1f} |\n"
    text += f"""
Seven days at 1 % a day: {sum(results.chain):,} bytes as a chain (each on the one before; the first {results.chain[0]:,},
the seventh {results.chain[-1]:,}); the seventh day's alone, reaching back to the base, {results.reach_back:,}.

## On an ESP32

| list of {million:,} | reads | instructions | heap, most, B | ms on an ESP32 |
| --- | ---: | ---: | ---: | ---: |
"""
    update = results.update or list_terminal.Update(0, 0)
    sectors, pages = -(-base.size // 4096), -(-base.size // 256)
    costs = {0: results.costs[million][0][1], **results.with_deltas}
    for deltas, cost in costs.items():
        name = "base alone" if not deltas else f"base and {deltas} delta{'s' * (deltas > 1)} of 1 %"
        text += f"| {name} | {cost.reads} | {cost.instructions or 0:,} | {cost.heap} | {results.esp32[deltas]:.1f} |\n"
    text += f"""
How the last column comes about: an ESP32 at 160 MHz takes 1.1 s for a million empty loop turns and 0.13 s for a recursive
`fib(20)`; callgrind counts the same two here. The slower of the two rates,
{1e9 * list_terminal.seconds_per_instruction():.1f} ns for an instruction of the i386 build, is applied to the look-up without
its AES ({list_terminal.instructions_per_aes_block():.0f} instructions a block here).
Its {list_terminal.AES_BLOCKS} AES blocks (10 a FF1 call, 1.43 calls on average) count at the ESP32's own 0.24 ms each,
a flash read at 0.2 ms (assumed). A garbage collection is not in it.

Taking in a base of {base.size:,} bytes: the longest step computes {update.longest_ms:.0f} ms (a sector erase takes 45 ms),
all of them {update.computing_s:.0f} s, counted the same way. Erasing and programming take
{sectors * _ERASE_S + pages * _PROGRAM_S:.0f} s more ({sectors} sectors, {pages:,} pages).
All of it happens between keys and checks.

## What fits

| partition | most members, with room for one delta of 1 % |
| --- | ---: |
| 0x98000 bytes, the two of a 4 MB board | {results.capacities["list_capacity_4mb"]:,} |
| 0x200000 bytes, on an 8 MB board | {results.capacities["list_capacity_8mb"]:,} |
"""
    return text


def _plot(results: Results) -> None:
    mpl.rcParams["svg.hashsalt"] = "list-bench"  # the same figures give the same file
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    sizes, reads = figure.subplots(1, 2)
    titles = [made.title for made, _ in results.costs[min(results.costs)]]
    for title in titles:
        points = [
            (count, 8 * made.size / count, cost.mean_reads)
            for count, rows in results.costs.items()
            for made, cost in rows
            if made.title == title
        ]
        counts, bits, mean_reads = zip(*points, strict=True)
        sizes.plot(counts, bits, marker="o", label=title)
        reads.plot(counts, mean_reads, marker="o", label=title)
    sizes.plot(list(results.bounds), list(results.bounds.values()), "k--", label="bound for exact lists with tiers")
    for axes, title in ((sizes, "bits a member"), (reads, "flash reads a look-up")):
        axes.set(xscale="log", yscale="log", xlabel="members", title=title)
        axes.grid(alpha=0.3)
    sizes.set_yticks([10, 20, 50, 100, 200, 500], labels=["10", "20", "50", "100", "200", "500"])
    sizes.legend(fontsize=7)
    figure.savefig(PLOT, metadata={"Date": None})
