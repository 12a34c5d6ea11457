"""The central service: answers checks, takes in records, publishes lists and settings, keeps the registry of terminals."""
