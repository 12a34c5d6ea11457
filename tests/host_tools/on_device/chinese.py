"""Shows every screen in English and then in Chinese; MicroPython's names are counted after each.

Arguments: the packed texts, the screens to show (JSON), the kind of display.
"""

import json
import sys

import micropython

from drivers.display import Display
from firmware.terminal.screens import Screens
from firmware.terminal.texts import Texts

if sys.argv[3] == "st7920":
    from drivers.st7920 import St7920

    glass = St7920(1, 2, 3, 4, 5, 6)
else:
    from drivers.hd44780 import Hd44780

    glass = Hd44780(1, 2, 3, 4, 5, 6, 16, 2)
with open(sys.argv[2]) as file:
    shots = json.load(file)
screens = Screens(Display(glass), Texts(sys.argv[1], "en"))


def show_all():
    label = screens.label({"en": "Wash", "zh": "洗车服务"}, "?")
    for group, name, fields in shots:
        filled = {field: label if isinstance(fields[field], dict) else fields[field] for field in fields}
        (screens.show if group == "screens" else screens.show_reason)(name, **filled)


micropython.qstr_info()
for language in ("en", "zh"):
    screens.use(language)
    show_all()
    micropython.qstr_info()
