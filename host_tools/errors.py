"""The exception with which these tools tell a person what to do."""


class CheYouError(Exception):
    """A fault its reader can act on.

    `message` says what is wrong and `next_step` what to do about it. Both are short, without a final full stop; the
    command line prints them as one line, `cheyou: <message>; <next_step>`, and exits with 1.
    """

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(f"{message}; {next_step}")
        self.message = message
        self.next_step = next_step
