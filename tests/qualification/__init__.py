"""The model test: it runs the real firmware over a real centre, and a model that breaks a limit does not pass."""
