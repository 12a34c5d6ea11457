"""The terminal application. Sees `protocol` and what `firmware/main.py` hands it; never the hardware."""
