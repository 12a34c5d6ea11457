"""Makes this folder the package `tests` whatever else is installed: some packages bring a `tests` of their own."""
