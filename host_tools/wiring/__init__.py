"""How a board is wired, from its file in `board_configs/`: a drawing, a table of connections and a list of parts.

`parts.toml` knows the parts: their pins, what each needs, what to buy. `cheyou boards --draw` makes `docs/boards/` from both.
"""
