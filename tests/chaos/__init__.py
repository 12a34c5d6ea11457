"""`make chaos`: outages drawn from a seed, and the count of what they cost. See docs/outages.md."""
