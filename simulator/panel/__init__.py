"""Terminals on a web page: `PanelServer` shows boards of the bench to any number of browsers."""
