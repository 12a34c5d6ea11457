"""`cheyou diagnose`: what is wrong with a terminal, and what to do."""

from __future__ import annotations

import json
from typing import Any

import click

from host_tools.errors import CheYouError
from host_tools.flash import ports
from host_tools.flash.advice import LANGUAGES, advice
from host_tools.flash.checkup import look
from protocol.diagnosis import CodeError, facts_of

_LABELS = {
    "en": {"well": "nothing is wrong", "next": "do", "urgent": "URGENT"},
    "zh": {"well": "一切正常", "next": "处理", "urgent": "紧急"},
}


@click.command()
@click.argument("code", nargs=-1)
@click.option("--port", "device", metavar="PORT", help="Over USB: the board's port.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(code: tuple[str, ...], device: str | None, language: str, as_json: bool) -> int:
    """Cause and next step, from the 12 digits that the terminal's service menu shows, or over USB.

    The cashier finds the code so: hold *, then press # four times. Spaces do not matter.
    """
    if code and device:
        raise click.UsageError("give the code or --port, not both")
    measured: dict[str, Any] = {}
    traceback = ""
    if code:
        digits = "".join(code)
    else:
        checkup = look(ports.chosen(device))
        digits, measured, traceback = checkup.code, checkup.facts, checkup.traceback
    try:
        facts = facts_of(digits)
    except CodeError as error:
        raise CheYouError(f"{error}", "ask for the 12 digits once more, four at a time") from None
    found = advice(facts, language)
    if as_json:
        rows = [vars(item) for item in found]
        result = {"code": digits, "facts": facts, "measured": measured, "advice": rows, "traceback": traceback}
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return 0
    words = _LABELS[language]
    click.echo(f"{digits[:4]} {digits[4:8]} {digits[8:]}: " + ", ".join(f"{k} {v}" for k, v in facts.items() if k != "format"))
    for item in found:
        click.echo(f"{words['urgent'] + ': ' if item.urgent else ''}{item.cause}\n  {words['next']}: {item.next_step}")
    if not found:
        click.echo(words["well"])
    return 0
