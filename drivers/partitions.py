"""The board's raw partitions by name."""

import esp32


def partition(name):
    """The data partition labelled ``name``; `OSError` when the flash was laid without it: build and flash the image again."""
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=name)
    if not found:
        raise OSError("no partition " + name)
    return found[0]
