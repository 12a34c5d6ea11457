"""The technician's bench: every test here is on doubles of boards (`tests.rom_double`), real esptool and real mpremote."""
