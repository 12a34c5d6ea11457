"""Steps from one release's tables to the next. What runs them is central/migration.py."""
