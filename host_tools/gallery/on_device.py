"""Shows every screen once, with the firmware's own code from text file to pins: what the board that is photographed runs.

The green LED goes on when a screen is complete, and off before the next one: that is when the camera looks. Do not upload.
"""

import asyncio
import json
import sys

import board
from drivers.display import Display
from drivers.leds import Leds
from firmware.peripherals import glass
from firmware.terminal.screens import Screens
from firmware.terminal.texts import Texts


def filled(screens, value):
    """What the desk would put into a field: itself, or something it asks `screens` for."""
    if not isinstance(value, dict):
        return value
    if "word" in value:
        return screens.word(value["word"])
    if "date" in value:
        return screens.date(value["date"])
    return screens.label(value["labels"], "?")


async def show_all():
    display = Display(glass())
    screens = Screens(display, Texts(sys.path[0] + "/texts", board.LANGUAGE))
    with open("/gallery.json") as file:
        shots = json.load(file)
    light = Leds(board.LED_GREEN, board.LED_RED)
    asyncio.create_task(display.run())
    for group, name, fields in shots:
        fields = {field: filled(screens, value) for field, value in fields.items()}
        (screens.show if group == "screens" else screens.show_reason)(name, **fields)
        while not display.settled():
            await asyncio.sleep_ms(1)
        light.green(True)
        await asyncio.sleep_ms(10)
        light.green(False)


asyncio.run(show_all())
