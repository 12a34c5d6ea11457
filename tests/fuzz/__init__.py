"""The fuzzing campaign: `make fuzz`."""
