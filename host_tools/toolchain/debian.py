"""Debian packages unpacked privately: no root needed, and nothing on the system changes.

apt runs with its own source list, package lists and cache under `.tools`; signatures are checked against the
system's Debian keyring as always. The mirror is whichever the system itself uses.
"""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import CheYouError
from host_tools.toolchain import TOOLS
from host_tools.toolchain.process import run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CHECK_NETWORK = "check the network and the system's apt sources, then run the same command again"
_OTHER_ARCHIVES = re.compile(r"-(security|updates|backports|proposed-updates)|/")


def release() -> dict[str, str]:
    """The fields of os-release (`ID`, `VERSION_CODENAME` …), empty where there is none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def available() -> bool:
    """Whether this is a Debian whose packages can be unpacked privately."""
    return release().get("ID") == "debian" and bool(shutil.which("apt-get")) and bool(shutil.which("dpkg"))


def codename() -> str:
    """The running release's code name, such as `bookworm`."""
    return release().get("VERSION_CODENAME", "")


def architecture() -> str:
    """The host's Debian architecture, such as `amd64`."""
    return run(["dpkg", "--print-architecture"], failing="dpkg does not name its architecture", next_step="mend dpkg").strip()


def mirror() -> str:
    """The address the system takes its own release's `main` from, without assuming any."""
    empty = TOOLS / "apt" / "no-lists"
    (empty / "partial").mkdir(parents=True, exist_ok=True)
    listing = run(
        # With an empty list folder apt names what is configured, fetched or not.
        ["apt-get", "indextargets", "--no-release-info", "-o", f"Dir::State::Lists={empty}",
         "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        failing="apt does not list its sources",
        next_step="mend the system's apt sources",
    )  # fmt: skip
    for line in listing.splitlines():
        uri, suite, component = line.split()
        if component == "main" and not _OTHER_ARCHIVES.search(suite) and "-security" not in uri:
            return uri
    raise CheYouError("no Debian mirror among the system's apt sources", "add your Debian release's main archive to them")


@dataclass(frozen=True)
class Archive:
    """One Debian release as a private apt sees it, with any number of architectures."""

    suite: str
    architectures: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return TOOLS / "apt" / "-".join((self.suite, *self.architectures))

    def update(self) -> None:
        """Fetch the package lists."""
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        if not KEYRING.exists():
            raise CheYouError("the Debian archive keyring is missing", "apt install debian-archive-keyring")
        options = f"arch={','.join(self.architectures)} signed-by={KEYRING}"
        (self.folder / "sources.list").write_text(f"deb [{options}] {mirror()} {self.suite} main\n")
        run(self._apt_get("update", "--error-on=any"), failing=f"no package lists of Debian {self.suite}",
            next_step=CHECK_NETWORK, attempts=3)  # fmt: skip

    def missing(self, package: str) -> list[str]:
        """What the running system lacks of `package` and all it depends on, as `name=version`."""
        plan = run(
            self._apt_get("install", "--simulate", "--no-install-recommends", package),
            failing=f"apt cannot plan for {package}",
            next_step=CHECK_NETWORK,
        )
        return [f"{name}={version}" for name, version in re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", plan, re.M)]

    def unpack(self, packages: Sequence[str], target: Path) -> None:
        """Download packages (`name`, `name:arch` or `name=version`) and lay their files out under `target`."""
        downloads = self.folder / "packages"
        shutil.rmtree(downloads, ignore_errors=True)
        downloads.mkdir(parents=True)
        run(self._apt_get("download", *packages), failing="packages could not be downloaded",
            next_step=CHECK_NETWORK, attempts=3, cwd=downloads)  # fmt: skip
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for package in sorted(downloads.glob("*.deb")):
            run(["dpkg", "-x", package, target], failing=f"{package.name} could not be unpacked",
                next_step="free some disk space, then run the same command again")  # fmt: skip

    def forget(self) -> None:
        """Delete the package lists, the cache and the downloads (some 100 MB)."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _apt_get(self, *arguments: str) -> list[str]:
        settings = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "APT::Sandbox::User": "root",  # the sandbox user could not read folders that are ours alone
            "APT::Architecture": self.architectures[0],
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        options = [f"-o{key}={value}" for key, value in settings.items()]
        options += [f"-oAPT::Architectures::={name}" for name in self.architectures]
        return ["apt-get", "-q", *options, *arguments]
