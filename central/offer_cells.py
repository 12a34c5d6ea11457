"""Discounts as an operator writes them into one cell: `vip=20%; ordinary=10%`, and the same read back."""

from __future__ import annotations

import re
from typing import Any

from central.cells import RowError

_MONEY = re.compile(r"[¥￥]?\s*(\d{1,6})(?:\.(\d{2}))?")
_PERCENT = re.compile(r"(\d{1,3})\s*%?")
_PASS = re.compile(r"pass\s+(\d{1,3})\s+for\s+(.+)")
_GIFT = re.compile(r"gift\s+(.+)")
FORMS = "20%, ¥35.00, gift Wax/车蜡 or pass 10 for ¥99.00"


def discounts(text: str) -> dict[str, dict[str, Any]]:
    """The discount of each tier; `RowError` when the cell is not of that form."""
    found = {}
    for part in text.split(";"):
        if part.strip():
            tier, is_given, given = part.partition("=")
            if not is_given:
                raise RowError(f"discounts are like vip=20%; ordinary=10%, each {FORMS}")
            found[tier.strip()] = _discount(given.strip())
    return found


def _discount(text: str) -> dict[str, Any]:
    sold, gift, percent = _PASS.fullmatch(text), _GIFT.fullmatch(text), _PERCENT.fullmatch(text)
    if sold:
        return {"pass": int(sold[1]), "fen": fen(sold[2])}
    if gift:
        english, _, chinese = gift[1].partition("/")
        return {"gift": {"en": english.strip()} | ({"zh": chinese.strip()} if chinese.strip() else {})}
    if percent:
        return {"percent": int(percent[1])}
    return {"fen": fen(text)}


def fen(text: str) -> int:
    """Whole fen of an amount like `¥35.00`, `35.00` or `¥35`; `RowError` otherwise."""
    money = _MONEY.fullmatch(text.strip())
    if money is None or not (money[2] or text.strip()[0] in "¥￥"):
        raise RowError(f"a discount is {FORMS}")
    return int(money[1]) * 100 + int(money[2] or 0)


def shown(given: dict[str, Any]) -> str:
    """One tier's discount as it would be written."""
    if "pass" in given:
        return f"pass {given['pass']} for {yuan(given['fen'])}"
    if "gift" in given:
        return "gift " + "/".join(given["gift"][name] for name in ("en", "zh") if name in given["gift"])
    return f"{given['percent']}%" if "percent" in given else yuan(given["fen"])


def yuan(amount: int) -> str:
    """Fen as ¥35.00."""
    return f"¥{amount // 100}.{amount % 100:02d}"
