"""The one exception that leaves the central service for the person who called it."""


class CentreError(Exception):
    """A fault its reader can act on: `message` says what is wrong, `next_step` what to do about it."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(f"{message}; {next_step}")
        self.message = message
        self.next_step = next_step
