"""`make mutants`: each law's line is broken on purpose, in a copy, and a test has to fail for it."""
