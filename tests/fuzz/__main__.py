"""`make fuzz`: a million broken inputs to each decoder on CPython, ten thousand on 32-bit MicroPython. Prints seed and counts."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from host_tools import toolchain

BOTH = toolchain.ROOT / "tests" / "both"
_ON_DEVICE = "import sys, fuzzing; print(fuzzing.run({count}, {seed}))"


def _one(name: str, count: int, seed: int) -> tuple[str, str]:
    sys.path[:0] = [str(BOTH)]
    import fuzzing

    try:
        fuzzing.run(count, seed, name)
    except AssertionError as failure:
        return name, str(failure)
    return name, ""


def main() -> int:
    """Run the campaign; the exit code says whether only documented errors came out."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="replays a run [now]")
    parser.add_argument("--count", type=int, default=1_000_000, help="inputs to each decoder on CPython [%(default)s]")
    parser.add_argument("--device-count", type=int, default=10_000, help="and on MicroPython [%(default)s]")
    options = parser.parse_args()
    sys.path[:0] = [str(BOTH)]
    import fuzzing

    names = [decoder[0] for decoder in fuzzing.DECODERS]
    print(f"seed {options.seed}: {len(names)} decoders, {options.count:,} inputs each on CPython", flush=True)
    failed = 0
    with ProcessPoolExecutor() as pool:
        jobs = [pool.submit(_one, name, options.count, options.seed) for name in names]
        for job in jobs:
            name, failure = job.result()
            failed += bool(failure)
            print(f"  {name}: {failure or 'only documented errors'}", flush=True)
    print(f"{options.device_count:,} inputs each on 32-bit MicroPython", flush=True)
    done = subprocess.run(
        [toolchain.micropython(32), "-X", "heapsize=8M", "-c",
         _ON_DEVICE.format(count=options.device_count, seed=options.seed)],
        env={**os.environ, "MICROPYPATH": f"{toolchain.ROOT}:{BOTH}:{toolchain.library_dir()}:.frozen"},
        check=False,
    )  # fmt: skip
    return 1 if failed or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
