"""umqtt.simple as a codec: calls in, packets out, and the other way round. MQTT 3.1.1 (OASIS, mqtt-v3.1.1-os)."""

import umqtt.simple

from firmware.terminal.memory_socket import Malformed, MemorySocket

# What umqtt waits for within connect() and subscribe(). The broker's true answers are read and judged by the uplink.
_ACCEPTED = b"\x20\x02\x00\x00"
_GRANTED = b"\x90\x03\x00\x01\x00"


class MqttCodec:
    """One client's packets. Uses only what umqtt.simple 1.3.4 and 1.8 have in common."""

    def __init__(self, client_id, user, password, keepalive, will, hear):
        self._memory = MemorySocket()
        self._client = umqtt.simple.MQTTClient(client_id, "", 1883, user, password, keepalive)
        self._client.set_callback(hear)
        self._client.set_last_will(will[0], will[1], True)

    def connect(self):
        """The CONNECT packet of a new session."""
        umqtt.simple.socket = self._memory
        # umqtt never wraps its packet identifier. It only numbers SUBSCRIBE for us: one a session, so always 1.
        self._client.pid = 0
        self._memory.put(_ACCEPTED)
        self._client.connect()
        return self._memory.take()

    def subscribe(self, topic):
        """The SUBSCRIBE packet, QoS 1; the topic has at most 122 bytes."""
        self._memory.put(_GRANTED)
        self._client.subscribe(topic, 1)
        return self._memory.take()

    def publish(self, topic, payload, retain):
        """A PUBLISH packet, QoS 0. The topic is ASCII, the payload bytes: umqtt counts characters."""
        self._memory.put(b"")
        self._client.publish(topic, payload, retain)
        return self._memory.take()

    def ping(self):
        """The PINGREQ packet."""
        self._memory.put(b"")
        self._client.ping()
        return self._memory.take()

    def hear(self, packet):
        """Take a whole packet, which calls back for a PUBLISH; return what to answer (a PUBACK) or nothing."""
        if packet[0] & 0xF4 == 0x34:
            raise Malformed("QoS")  # 2 was not asked for, 3 does not exist; umqtt would call back first
        self._memory.put(packet)
        self._client.wait_msg()
        return self._memory.take()
