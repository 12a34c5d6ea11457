"""Wiring drawings and parts lists, compared with the boards' files."""
