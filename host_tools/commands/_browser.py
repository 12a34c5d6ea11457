"""The browser of a desktop, where there is one."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import webbrowser

# They would take over the text terminal in which the command runs.
_IN_TEXT = {"elinks", "links", "links2", "lynx", "w3m", "www-browser"}


def show(url: str) -> None:
    """Open `url` in the browser of whoever sits at this machine; without a desktop or a browser nothing happens."""
    if has_desktop():
        threading.Thread(target=_open, args=(url,), daemon=True).start()  # a browser may take its time, or never come back


def has_desktop() -> bool:
    """Whether a window would be seen by whoever started this."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(url: str) -> None:
    with contextlib.suppress(webbrowser.Error, OSError):
        browser = webbrowser.get()
        if getattr(browser, "name", "") not in _IN_TEXT:
            browser.open(url)
