"""A fixed, quick part of `make fuzz`: every decoder, a few hundred broken inputs."""

import fuzzing


def test_only_documented_errors_come_out():
    assert fuzzing.run(300, 1) == 300 * len(fuzzing.DECODERS)
