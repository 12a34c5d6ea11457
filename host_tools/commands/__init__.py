"""One module for each subcommand of `cheyou`, holding a click command or group named `command`.

A module added here is a command, underscores in its name written as hyphens; nothing else has to be told.
"""
