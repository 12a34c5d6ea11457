"""Every power cut of every scenario: `make powercut`. What is cut, how, and what is then checked: docs/journal.md."""
