"""Compile the fakes that run inside MicroPython, once for each version of their source.

All but `start` go into a ROM file system that the firmware's process maps: their code is executed where it lies, so that the
fakes take as little of the firmware's heap as can be. umqtt.simple goes there too: a stock board has it in its firmware. The
flash is mapped behind them as the file system's last file. Their private names become ones that MicroPython has anyway: a board
has none of them, and each would be kept on the heap.
"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import tempfile
from pathlib import Path

from host_tools import shrink, toolchain
from host_tools.errors import CheYouError
from host_tools.shrink import names
from simulator import romfs

SOURCES = Path(__file__).with_name("fakes")
CACHE = toolchain.ROOT / "build" / "simulator"


def compiled_fakes(flash_size: int, virtual_time: bool = False) -> Path:
    """The folder to start MicroPython in. With `virtual_time`, modules of fakes/virtual/ replace those of fakes/."""
    sources = {path.name: path for path in sorted(SOURCES.glob("*.py"))}
    if virtual_time:
        sources |= {path.name: path for path in sorted((SOURCES / "virtual").glob("*.py"))}
    sources["umqtt/simple.py"] = toolchain.umqtt_dir() / "simple.py"
    digest = hashlib.sha256(b"%d" % flash_size)
    for made_by in (__file__, romfs.__file__, shrink.__file__, names.__file__):
        digest.update(Path(made_by).read_bytes())
    digest.update(" ".join(sorted(names.known_names()[0])).encode())
    for name, path in sorted(sources.items()):
        digest.update(name.encode() + path.read_bytes())
    folder = CACHE / f"fakes-{digest.hexdigest()[:16]}"
    if not folder.is_dir():
        _build(sources, flash_size, folder)
    return folder


def _build(sources: dict[str, Path], flash_size: int, folder: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    # Into a folder of its own and then renamed: several boards may start at once.
    with tempfile.TemporaryDirectory(dir=CACHE) as fresh:
        target = Path(fresh) / "fakes"
        target.mkdir()
        slim = _slim({name: path.read_text(encoding="utf-8") for name, path in sources.items() if "/" not in name})
        slim["umqtt/simple.py"] = sources["umqtt/simple.py"].read_text(encoding="utf-8")
        files = {name.replace(".py", ".mpy"): _compile(name, source, Path(fresh)) for name, source in slim.items()}
        (target / "start.mpy").write_bytes(files.pop("start.mpy"))
        (target / "fakes.romfs").write_bytes(romfs.open_ended(files, "flash", flash_size))
        try:
            target.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _slim(sources: dict[str, str]) -> dict[str, str]:
    """`sources` (file → source) with other private names, the same in all of them."""
    trees = {name: ast.parse(source) for name, source in sources.items()}
    used = {name for tree in trees.values() for node in ast.walk(tree) for _, name in _names(node)}
    modules = {a.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    known = names.known_names()[0]  # among them MicroPython's own private ones
    # Names in upper case are constants, which leave no name.
    private = sorted(n for n in used - modules - known if n.startswith("_") and n.islower() and not n.endswith("__"))
    spare = sorted({name for kind in (str, list, dict, set) for name in dir(kind)} & known - used)
    new = dict(zip(private, spare, strict=False))
    for tree in trees.values():
        shrink.Nameless().visit(tree)
        for node in ast.walk(tree):
            for field, name in _names(node):
                setattr(node, field, new.get(name, name))
    return {name: ast.unparse(ast.fix_missing_locations(tree)) for name, tree in trees.items()}


def _names(node: ast.AST) -> list[tuple[str, str]]:
    """(field, name) of each name in a node."""
    return [(field, value) for field in ("id", "attr", "name", "arg") if isinstance(value := getattr(node, field, None), str)]


def _compile(name: str, source: str, scratch: Path) -> bytes:
    path, output = scratch / "source.py", scratch / "compiled.mpy"
    path.write_text(source, encoding="utf-8")
    # umqtt.simple reports malformed packets by assertion: it keeps its asserts.
    optimisation = "-O0" if name.startswith("umqtt") else "-O3"
    command = [str(toolchain.mpy_cross()), "-s", name.partition(".")[0], optimisation, "-o", str(output), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CheYouError(f"the simulator's {name} does not compile: {done.stderr.strip()}", "run `make setup`")
    return output.read_bytes()
