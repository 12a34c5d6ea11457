"""The `cheyou` command and what it stands on: tool chain, boards, images."""
