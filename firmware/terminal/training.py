"""What training looks like: whatever a verdict or SAVED says is told apart. Loaded while there is training."""


def mark(screens, name, rows, fields):
    """Change the ``rows`` of the text ``name``, already filled in with ``fields``, to say that it is training."""
    word = screens.word("trained")
    if name.startswith("reasons/"):
        rows[-1] = word
    elif name.startswith("screens/saved"):
        rows[0] = "%s No %d" % (word, fields["sequence"])
    elif name.startswith("screens/valid") and not [row for row in rows if word in row]:
        rows[-1] += " " + word  # what stands for the tier says it where there is one
