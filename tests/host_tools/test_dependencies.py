"""docs/dependencies.md names every direct dependency in its locked version, and the lock files agree."""

from __future__ import annotations

import re
import tomllib

import pytest

from host_tools.toolchain import ROOT, umqtt_source

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """Package → version of a lock file; where Python versions differ, the one for the oldest."""
    found: dict[str, str] = {}
    for package, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.M):
        found.setdefault(package.lower(), version)
    return found


def direct() -> list[str]:
    every = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    names = {re.split(r"[\[>=<]", line)[0].lower() for line in every}
    return sorted(name for name in names if not name.startswith(("types-", "cheyou")))


@pytest.mark.parametrize("name", direct())
def test_the_page_has_the_locked_version(name: str) -> None:
    assert f"| {name} | {pins('requirements-dev.txt')[name]} |" in PAGE


def test_the_page_has_the_device_libraries() -> None:
    for name, version in {**pins("requirements-device.txt"), umqtt_source.PROJECT: umqtt_source.VERSION}.items():
        assert f"| {name} | {version} |" in PAGE


def test_the_development_lock_covers_the_running_one() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_every_pin_has_a_digest() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-device.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.M):
            if re.match(r"[A-Za-z0-9._-]+==", block):
                assert "--hash=sha256:" in block, block
