"""The technician's guide: its pictures are of today's firmware and labels, and what it names is there, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import cli, toolchain
from host_tools.commands import flash, label, logs, provision, qualify, rescue, selftest, swap
from host_tools.guide import pictures
from host_tools.toolchain import ROOT

GUIDES = [ROOT / "docs" / "technician.md", ROOT / "docs" / "technician.zh-CN.md"]
Tool = Callable[..., Path]


def test_the_pictures_are_what_a_technician_sees(tool: Tool) -> None:
    tool(toolchain.mpy_cross)
    assert list(pictures.differences()) == [], "run `cheyou guide` and look at what has changed"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_everything_it_points_at_is_there(guide: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", guide.read_text(encoding="utf-8"))
    assert len(links) > 15
    for link in links:
        assert (guide.parent / link).exists(), link


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_command_and_option_in_it_exists(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    commands = {"flash": flash, "label": label, "logs": logs, "provision": provision, "qualify": qualify, "rescue": rescue,
                "selftest": selftest, "swap": swap}  # fmt: skip
    named = re.findall(r"cheyou ([a-z]+)([^`\n#]*)", text)
    assert {name for name, _ in named} >= set(commands)
    for name, rest in named:
        assert cli.run([name, "--help"]) == 0, name
        if name in commands:
            known = {option for parameter in commands[name].command.params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", rest)) <= known | {"--help"}, (name, rest)


def test_both_languages_show_the_same_pictures_but_for_the_display() -> None:
    english, chinese = (re.findall(r"!\[[^]]*\]\(([^)]+)\)", path.read_text(encoding="utf-8")) for path in GUIDES)
    assert [link.replace("16x2-zh", "16x2-en") for link in chinese] == english
