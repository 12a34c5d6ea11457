"""Files for a Mosquitto in front of the centre: passwords, access list and a configuration fragment, made from the registry.

The passwords are hashed as Mosquitto's own `mosquitto_passwd` does since 2.0: ``$7$<iterations>$<salt>$<hash>``, PBKDF2 with
HMAC-SHA512, salt and hash in base64.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from base64 import b64encode
from pathlib import Path

import sqlalchemy as sa

from central import schema
from central.broker import CENTRE, MAX_PACKET, mqtt_password

# Mosquitto's default is 101, meant for passwords people choose; these are 256 random bits, which no iterations protect further.
_ITERATIONS = 101
_SALT_BYTES = 12

_ACL = """\
# Written by `cheyou central broker-files`; write it anew rather than edit it.
user {centre}
topic read cheyou/1/+/up/+
topic write cheyou/1/+/down/+

# A terminal: upwards and downwards under its own name, nothing else. %u is the user it logged in as.
pattern write cheyou/1/%u/up/+
pattern read cheyou/1/%u/down/+
"""

_CONF = """\
# Include this from mosquitto.conf, or start `mosquitto -c` with it. Written by `cheyou central broker-files`.
per_listener_settings false
listener {port} {host}
allow_anonymous false
password_file {folder}/passwd
acl_file {folder}/acl
# The centre's largest message is 4 KB; whoever sends more is cut off before the centre sees it.
max_packet_size {packet}
message_size_limit {packet}
# Small packets leave at once: a verdict is one.
set_tcp_nodelay true
# What cannot be delivered at once is asked for again, so nothing is queued for clients that are away.
max_queued_messages 20000
max_inflight_messages 1000
persistence false
"""


def hashed(password: str) -> str:
    """A password as a Mosquitto password file holds it."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def write(connection: sa.Connection, folder: Path, centre_secret: str, host: str, port: int) -> int:
    """Write ``passwd``, ``acl`` and ``cheyou.conf`` into ``folder``; the count of terminals in them. Fenced ones are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    table = schema.terminals
    terminals = connection.execute(sa.select(table.c.id, table.c.key).where(table.c.state != "fenced").order_by(table.c.id)).all()
    lines = [f"{CENTRE}:{hashed(centre_secret)}"]
    lines += [f"{row.id}:{hashed(mqtt_password(bytes(row.key)))}" for row in terminals]
    _private(folder / "passwd", "\n".join(lines) + "\n")
    _private(folder / "acl", _ACL.format(centre=CENTRE))
    conf = _CONF.format(folder=folder.absolute(), host=host, port=port, packet=MAX_PACKET)
    (folder / "cheyou.conf").write_text(conf)
    return len(terminals)


def _private(path: Path, content: str) -> None:
    """Written under another name first: Mosquitto may be told to read it again at any moment."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    new.replace(path)
