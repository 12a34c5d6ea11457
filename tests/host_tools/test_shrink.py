"""The smaller device code does what the source does: the tests of both interpreters once more, bundled, pruned and renamed."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from host_tools import boards, device_modules, toolchain
from host_tools.errors import CheYouError
from host_tools.shrink import RESIDENT, shrink
from host_tools.shrink.names import known_names

BOTH = toolchain.ROOT / "tests" / "both"
# Here everything is one module: these are for parts that are loaded on demand, or reach for what is private.
NOT_HERE = {
    "menu_counter", "test_answers", "test_aside", "test_day", "test_desk", "test_fuzz", "test_list_update", "test_member_lists",
    "test_menu", "test_overlay", "test_preferences", "test_recent", "test_settings", "test_sign_in",
}  # fmt: skip
HERE = {path.stem for path in BOTH.glob("*.py")} - NOT_HERE
HELPERS = sorted(name for name in HERE if name != "run" and not name.startswith("test_"))
FAKES = toolchain.ROOT / "simulator" / "fakes"


def write(folder: Path, sources: dict[str, str], parts: dict[str, list[str]]) -> None:
    for path, source in shrink({"base": "", **sources}, {"base": [], **parts}).sources.items():
        _write(folder, path, source)


def _write(folder: Path, path: str, source: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{path}.py").write_text(source, encoding="utf-8")


def said_by(folder: Path, *arguments: str) -> str:
    """What MicroPython prints that imports from `folder`."""
    done = subprocess.run(
        [toolchain.micropython(32), "-X", "heapsize=8M", *arguments],
        cwd=toolchain.ROOT, env={"MICROPYPATH": f"{folder}:.frozen"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.stdout


def small(folder: Path, **sources: str) -> str:
    """What the module `main` prints when it is imported; a double underscore in a module's name is a folder."""
    write(folder, {name.replace("__", "/"): dedent(source) for name, source in sources.items()}, {"main": []})
    return said_by(folder, "-c", "import main")


def written(folder: Path) -> str:
    """All that was written there."""
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))


@pytest.mark.parametrize("module", sorted(name for name in HERE if name.startswith("test_")))
def test_both(module: str, tmp_path: Path) -> None:
    tests = {name: (BOTH / f"{name}.py").read_text(encoding="utf-8") for name in (module, *HELPERS)}
    write(tmp_path, device_modules.all_sources(boards.load("esp32-devkit-4mb")) | tests, {module: HELPERS})
    _write(tmp_path, "run", (BOTH / "run.py").read_text(encoding="utf-8"))
    said = said_by(tmp_path, str(tmp_path / "run.py"), module)
    assert " 0 failed" in said, said
    assert f"ok   {module}." in said


def test_constants_of_all_modules_are_written_where_they_are_used(tmp_path: Path) -> None:
    said = small(
        tmp_path,
        a="""
            from micropython import const
            ONE, TWO = range(1, 3)
            WORD = 'w'
            _LONG = const(3)
            SUM = ONE + TWO + _LONG
            PAIR = (ONE, WORD)
        """,
        main="""
            import a
            from a import PAIR, SUM
            def f(one): return one + a.TWO
            print(f(10), SUM, PAIR, a.WORD)
        """,
    )
    assert said == "12 6 (1, 'w') w\n"
    assert not (tmp_path / f"{RESIDENT}.py").exists()


def test_what_constants_decide_is_left_out(tmp_path: Path) -> None:
    said = small(
        tmp_path,
        board="""
            KIND = 'x'
        """,
        main="""
            import board
            if board.KIND == 'y':
                from no_such import z
            print('x' if board.KIND else 'y')
        """,
    )
    assert said == "x\n"


def test_the_way_without_host_modules_is_taken(tmp_path: Path) -> None:
    source = """
        try:
            from hmac import digest
        except ImportError:
            digest = None
        def f():
            if digest:
                return digest()
            return 1
        """
    assert (
        small(
            tmp_path,
            a=source,
            main="""
            from a import f
            print(f())
        """,
        )
        == "1\n"
    )
    assert "digest" not in written(tmp_path)


def test_every_name_that_is_given_away_can_be_called(tmp_path: Path) -> None:
    count = len(known_names()[0])
    said = small(
        tmp_path,
        a="".join(f"def f{n}(x): return x + {n}\n" for n in range(count)),
        main="import a\nx = 0\n" + "".join(f"x = a.f{n}(x)\n" for n in range(count)) + "print(x)\n",
    )
    assert said == f"{sum(range(count))}\n"


def test_what_nothing_calls_is_left_out(tmp_path: Path) -> None:
    said = small(
        tmp_path,
        a="""
            def used(): return called()
            def called(): return 1
            def unused(): return unused()
            class C:
                SOME = [1]
                OTHER = [2]
                def m(self): return self._n() + self.SOME[0]
                def _n(self): return 1
                def never(self): return self._never()
                def _never(self): return 'nothing like it'
                def __len__(self): return 5
        """,
        main="""
            import a
            print(a.used(), a.C().m(), len(a.C()))
        """,
    )
    assert said == "1 2 5\n"
    functions = [node for node in ast.walk(ast.parse(written(tmp_path))) if isinstance(node, ast.FunctionDef)]
    assert len(functions) == 5
    assert "nothing like it" not in written(tmp_path)


def test_names_of_modules_do_not_meet(tmp_path: Path) -> None:
    said = small(
        tmp_path,
        a="""
            _x = [1]
            def get(): return _x[0]
        """,
        p__b="""
            from a import get as first
            _x = [2]
            def get(): return first() * 10 + _x[0]
        """,
        main="""
            import a
            from p import b
            def f(a): return [b for b in a]
            get = 3
            print(a.get(), b.get(), get, f('xy'))
        """,
    )
    assert said == "1 12 3 ['x', 'y']\n"


def test_names_inside_functions(tmp_path: Path) -> None:
    said = small(
        tmp_path,
        a="""
            def outer(number, *rest, scale=2, **named):
                total = number
                def inner(more):
                    total = more * scale
                    return [number + n for n in rest for number in (n, total)], number
                result = (lambda value, total=5: value + total)(number)
                try:
                    {}[number]
                except KeyError as error:
                    found = error.args
                return inner(1), total, result, found, named
        """,
        main="""
            from a import outer
            print(outer(1, 2, scale=3, total=9))
        """,
    )
    assert said == "(([4, 5], 1), 1, 6, (1,), {'total': 9})\n"


def test_private_attributes_along_inheritance(tmp_path: Path) -> None:
    said = small(
        tmp_path,
        a="""
            class Base:
                _step = 1
                def __init__(self):
                    self._count = 0
                    self.shown = 'base'
                def _add(self):
                    self._count += self._step
                def go(self):
                    self._add()
                    return self._count
        """,
        b="""
            from a import Base
            class More(Base):
                _step = 10
                def __init__(self):
                    super().__init__()
                    self._other = 5
                def _add(self):
                    super()._add()
                    self._count += self._other
        """,
        c="""
            class Alone:
                def __init__(self, more):
                    self._count = more
                    self._add = more.go()
                def both(self): return self._add, self._count.go(), self._count.shown
        """,
        main="""
            from b import More
            from c import Alone
            print(Alone(More()).both())
        """,
    )
    assert said == "(15, 30, 'base')\n"


def test_fields_of_a_namedtuple_and_properties(tmp_path: Path) -> None:
    said = small(
        tmp_path,
        a="""
            from collections import namedtuple
            Point = namedtuple('Point', ('left', 'top'))
            class P:
                def __init__(self, p): self._p = p
                @property
                def place(self): return self._p.left, self._p.top
                @place.setter
                def place(self, p): self._p = Point(*p)
        """,
        main="""
            from a import P, Point
            p = P(Point(1, 2))
            print(p.place)
            p.place = 3, 4
            print(p.place)
        """,
    )
    assert said == "(1, 2)\n(3, 4)\n"


def test_names_that_others_may_mean_stay(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a": "class Stream:\n    def read(self): return 1\n    def wanted(self, size=0): return size\n",
            "main": "from a import Stream\ndef entry(stream=None): return (stream or Stream()).wanted(size=3) + [1].pop()\n",
        },
        {"main": []},
    )
    assert said_by(tmp_path, "-c", "import main; print(main.entry())") == "4\n"
    resident = (tmp_path / f"{RESIDENT}.py").read_text()
    assert "def read(" in resident
    assert "size" in resident
    assert "wanted" not in resident


def test_parts_are_loaded_when_they_are_needed(tmp_path: Path) -> None:
    sources = {
        "p/late": "from a import f\nfrom p import helper\nprint('late')\ndef g(): return f() + helper.h()\n",
        "p/helper": "def h(): return 5\n",
        "a": "print('a')\ndef f(): return 1\nclass A:\n    def later(self):\n        from p.late import g\n        return g()\n",
        "main": "from a import A\nprint('main')\nprint(A().later())\n",
    }
    write(tmp_path, sources, {"main": [], "p/late": ["p/helper"]})
    assert said_by(tmp_path, "-c", "import main") == "a\nmain\nlate\n6\n"
    with pytest.raises(CheYouError, match="loaded on demand"):
        shrink(sources | {"base": "", "a": "from p.late import g\n"}, {"base": [], "main": [], "p/late": ["p/helper"]})


def test_what_only_parts_call_goes_with_them(tmp_path: Path) -> None:
    sources = {
        "a": """
            from binascii import hexlify
            def one(x): return two(x) + 1
            def two(x): return len(hexlify(x))
            def both(): return 5
            def stays(): return 7
            def value(): return 8
            def lasting(): yield 9
            class A:
                def m(self): return stays()
        """,
        "late": "from a import both, one\ndef g(): return one(b'ab') + both()\n",
        "main": "import a\nprint(a.A().m(), a.both(), a.value, *a.lasting())\nimport late\nprint(late.g())\n",
    }
    sources["a"] = dedent(sources["a"])
    shrunk = shrink({"base": "", **sources}, {"base": [], "main": [], "late": []})
    count = {file: source.count("def ") for file, source in shrunk.sources.items()}
    assert count == {"base": 0, RESIDENT: 4, "main": 1, "late": 4}
    write(tmp_path, sources, {"main": [], "late": []})
    assert said_by(tmp_path, "-c", "import main").endswith(" 9\n10\n")


def test_what_an_earlier_layer_will_import_stays() -> None:
    sources = {
        "base": "", "a": "def f(): return 1\n",
        "one": "class C:\n    def m(self):\n        from a import f\n        return f()\n",
        "late": "from a import f\ndef g(): return f()\n", "main": "from one import C\nprint(C().m())\n",
    }  # fmt: skip
    made = shrink(sources, {"base": [], "one": [], "main": [], "late": []}, layers=["one"])
    assert "def " in made.sources[RESIDENT]


LAYERED = {"base": "", "one": "def f(): return 1\n", "two": "from one import f\ndef g(): return f()\n", "main": ""}


def test_a_layer_imports_from_those_before_it_only() -> None:
    parts: dict[str, list[str]] = {"base": [], "one": [], "two": [], "main": []}
    shrink(LAYERED, parts, layers=["one", "two"])
    for layers in (["two", "one"], ["two"]):
        with pytest.raises(CheYouError, match=r"two\.py:1: imports one, (but is loaded before it|which is loaded on demand)"):
            shrink(LAYERED, parts, layers=layers)
    with pytest.raises(CheYouError, match=r"base\.py:1: imports two, but is loaded before it"):
        shrink(LAYERED | {"base": "from two import g\n"}, parts, layers=["one", "two"])


def test_a_bundle_imports_the_layers_in_the_order_of_loading() -> None:
    sources = LAYERED | {"a": "def h(): return 3\n", "late": "import a, two, one\nprint(a.h, two.g, one.f)\n"}
    made = shrink(sources, {"base": [], "two": [], "one": [], "main": [], "late": []}, layers=["one", "two"])
    imports = [line.split()[1] for line in made.sources["late"].splitlines() if line.startswith("from")]
    assert imports == ["one", "two", RESIDENT], "none inside another"


def test_the_start_loads_the_layers_of_the_build() -> None:
    tree = ast.parse((toolchain.ROOT / "firmware" / "start.py").read_text(encoding="utf-8"))
    (loaded,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_LAYERS")
    assert [name.replace(".", "/") for name in ast.literal_eval(loaded)] == device_modules._settings()["layers"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("from a import *\n", "does not say what"),
        ("import a\nprint(a)\n", "used as a value"),
        ("from a import C\nprint(C()._x)\n", "private elsewhere"),
        ("x = 1\nprint(eval('x'))\n", "eval"),
        ("x = 1\ndef f():\n    global x\n    x = 2\n", "global"),
    ],
)
def test_what_cannot_be_shrunk_is_refused(source: str, said: str) -> None:
    with pytest.raises(CheYouError, match=said):
        shrink({"base": "", "main": source, "a": "class C:\n    _x = 1\n"}, {"base": [], "main": []})


def test_a_module_that_is_loaded_has_to_be_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = device_modules._settings()
    del settings["parts"]["firmware/terminal/menu"]
    monkeypatch.setattr(device_modules, "_settings", lambda: settings)
    with pytest.raises(CheYouError, match=r"loads firmware\.terminal\.menu, which is no part"):
        device_modules.shrunk(boards.load("esp32-devkit-4mb"))


def test_all_names_of_the_interpreter_are_known() -> None:
    done = subprocess.run(
        [toolchain.micropython(32), Path(__file__).parent / "on_device" / "names.py"],
        env={"MICROPYPATH": ".frozen"}, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    micropython, esp32 = known_names()
    assert set(done.stdout.split()) - micropython == set()
    assert {name for path in FAKES.glob("[a-z]*.py") for name in public_names(path)} - micropython - esp32 == set()


def public_names(path: Path) -> set[str]:
    """Names that a fake gives to what it defines, in classes too."""
    names = set()
    todo = ast.parse(path.read_text(encoding="utf-8")).body
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            todo += node.body
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_the_same_source_gives_the_same_code() -> None:
    board = boards.load("esp32-devkit-4mb")
    assert device_modules.shrunk(board).sources == device_modules.shrunk(board).sources
