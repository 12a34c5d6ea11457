"""Fetches micropython-lib's umqtt.simple: `python -m host_tools.toolchain.umqtt_source FOLDER`.

The package index holds it as a bare archive without build metadata, which pip refuses; pypi-simple downloads it by
name and checks the index's digest, and the digest pinned here is checked on top. Runs inside `.venv`.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

PROJECT = "micropython-umqtt.simple"
VERSION = "1.3.4"
SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"


def fetch(folder: Path) -> Path:
    """Place `umqtt/simple.py` under `folder` and return its path."""
    with _index() as index, tempfile.TemporaryDirectory() as scratch:
        wanted = f"{PROJECT}-{VERSION}.tar.gz"
        package = next(p for p in index.get_project_page(PROJECT).packages if p.filename == wanted)
        archive = Path(scratch) / wanted
        index.download_package(package, archive)
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != SHA256:
            raise SystemExit(f"{wanted} has SHA-256 {found}, expected {SHA256}")
        with tarfile.open(archive) as tar:
            member = next(m for m in tar.getmembers() if m.isfile() and m.name.endswith("/umqtt/simple.py"))
            stream = tar.extractfile(member)
            assert stream is not None  # noqa: S101 - isfile() above says so
            source = stream.read()
    target = folder / "umqtt" / "simple.py"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source)
    return target


def _index() -> PyPISimple:
    """The index and certificates that pip is set to use, so that a house with its own needs to say so once only."""
    listing = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    settings: dict[str, str] = {}
    for origin in ("global", "user", "site", ":env:"):  # the later ones win, as with pip
        settings.update(re.findall(rf"^{origin}\.([a-z-]+)='(.*)'$", listing, re.M))
    session = requests.Session()
    if "cert" in settings:
        session.verify = settings["cert"]
    return PyPISimple(settings.get("index-url", PYPI_SIMPLE_ENDPOINT), session=session)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
