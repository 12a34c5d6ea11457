"""What terminal and centre both must know. Runs unchanged on MicroPython and CPython; imports nothing of ours."""
