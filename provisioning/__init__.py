"""A terminal's identity: its keys, and the NVS image that carries them onto the board."""
