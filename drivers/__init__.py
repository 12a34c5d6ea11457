"""Thin classes over machine, network and esp32; nothing else imports those."""
