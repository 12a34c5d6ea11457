"""The model test: a board and the firmware on it, on the simulator, under weak network and load, before any unit of it goes out.

`course.toml` says what it has to go through and within which limits; `leg` plays one part of it, `trial` all of them and judges.
"""
