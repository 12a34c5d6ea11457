"""A PIN, asked for: never on a command line, where other users of the machine and the shell's history would have it."""

from __future__ import annotations

import sys

import click

from protocol import pin


def asked(whose: str) -> str:
    """Typed twice by whoever sits there, otherwise the first line of standard input."""
    if sys.stdin.isatty():
        typed: str = click.prompt(f"{whose} PIN, {pin.LEAST} to {pin.MOST} digits", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().strip()
