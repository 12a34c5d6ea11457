"""Thin classes over machine and network; the only place besides boot.py and main.py that imports them."""
