"""The plainest responder there could be: does the reads that a check costs and sends back what came. Run as a process.

Arguments: port, database URL, merchant, offer. The password of the centre's account comes in CHEYOU_BROKER_PASSWORD. Prints one
line when it has subscribed.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import Any

import paho.mqtt.client as mqtt

from central.broker import CENTRE
from central.checks import Reader
from central.database import Database
from protocol.month import day_starts

ASK, ANSWER = "bench/echo/ask", "bench/echo/answer"


def main(port: int, url: str, merchant: str, offer: int) -> None:
    """Answer until killed."""
    reader = Reader(Database(url))
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="echo-responder")
    client.username_pw_set(CENTRE, os.environ["CHEYOU_BROKER_PASSWORD"])

    def answer(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        number = int(message.payload[:11])
        reader.member(number)
        reader.used(number, merchant, offer, day_starts(int(time.time())))
        client.publish(ANSWER, message.payload)

    client.on_message = answer
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    opened = client.socket()
    assert isinstance(opened, socket.socket)  # noqa: S101 - plain TCP
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.subscribe(ASK)
    client.loop_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
