"""The peer of check_online.py: umqtt.simple as it is, with TCP_NODELAY; sends as many bytes as a check and waits for the echo.

First line on stdin (JSON): port, user, password, member, bytes. The rest as in check_online.py.
"""

import json
import sys
import time

from umqtt.simple import MQTTClient

orders = json.loads(sys.stdin.readline())
came = []
client = MQTTClient("bench-echo", "127.0.0.1", orders["port"], orders["user"], orders["password"])
client.set_callback(lambda _, payload: came.append(payload))
client.connect()
client.sock.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY
client.subscribe(b"bench/echo/answer")
payload = orders["member"].encode()
payload += b"x" * (orders["bytes"] - len(payload))
print("ready")
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        started = time.ticks_us()
        client.publish(b"bench/echo/ask", payload)
        while not came:
            client.wait_msg()
        times.append(time.ticks_diff(time.ticks_us(), started))
        came.clear()
        time.sleep_ms(2)
    print(json.dumps(times))
