"""What stands for the display and the packed texts where a page's rows are looked at."""

import json


class Glass(dict):
    def glyphs(self, bitmap):
        pass

    def show(self, rows):
        for row in range(2):
            self[row] = rows[row] if row < len(rows) else ""


class English:
    """Stands for the packed texts: the same names, straight from the source."""

    language = "en"

    def __init__(self):
        with open("firmware/texts/en.json") as file:
            self._groups = json.load(file)

    def use(self, language):
        pass

    def bitmap(self, number):
        pass

    def rows(self, name):
        group, name = name.split("/")
        found = self._groups[group][name]
        return found if group != "words" else [found]

    def local(self, name):
        return name
