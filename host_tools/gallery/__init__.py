"""A picture of every screen in every language on every display, taken of the firmware at work."""
