"""Messages and topics: strict decoding; whatever comes from outside, `MessageError` is all that comes out."""

from protocol import messages, topics
from protocol.keys import derive, hmac_sha256
from protocol.messages import MessageError

KEY = b"k" * 32
GOOD = {"check": 7, "member": "13800138000", "month": 202612, "sender": True, "offer": 1}


def refused(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except MessageError:
        return True
    return False


def test_hmac_is_rfc_4231():
    digest = hmac_sha256(b"\x0b" * 20, b"Hi ", b"There")
    assert messages.hex_of(digest) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    digest = hmac_sha256(b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First")
    assert messages.hex_of(digest) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    assert derive(KEY, b"a") != derive(KEY, b"b")


def test_a_payload_is_bound_to_key_topic_and_body():
    topic = topics.up("T0001", "check")
    payload = messages.tagged(KEY, topic, b"{}")
    assert messages.untagged(KEY, topic, payload) == b"{}"
    assert refused(messages.untagged, b"j" * 32, topic, payload)
    assert refused(messages.untagged, KEY, topics.up("T0002", "check"), payload)
    for at in range(len(payload)):
        broken = bytearray(payload)
        broken[at] ^= 1
        assert refused(messages.untagged, KEY, topic, bytes(broken))
        assert refused(messages.untagged, KEY, topic, payload[:at])
    assert refused(messages.untagged, KEY, topic, b"x" * 5000)


def test_fields_survive_and_strangers_are_dropped():
    body = messages.encode("check", **GOOD)
    assert messages.decode("check", body) == GOOD
    assert messages.decode("check", body[:-1] + b', "more": 1}') == GOOD


def test_missing_or_mistyped_fields_are_refused():
    for field in GOOD:
        rest = dict(GOOD)
        del rest[field]
        assert refused(messages.encode, "check", **rest)
        for wrong in (None, [], {}, 1.5, -1, 1 << 40, "x" * 41, b"x"):
            assert refused(messages.encode, "check", **dict(GOOD, **{field: wrong})), (field, wrong)
    assert refused(messages.encode, "check", **dict(GOOD, check=True)), "a bool is no number"


def test_bodies_that_are_no_message_are_refused():
    for body in (b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 4000, b"{" * 4000, b" " * 5000, b"NaN", b"{}"):
        assert refused(messages.decode, "check", body), body[:8]


def test_batches():
    slots = [bytes([n]) * 64 for n in range(5)]
    body = messages.encode_batch(3, 17, b"c" * 16, slots)
    assert messages.decode_batch(body) == (3, 17, b"c" * 16, slots)
    for length in range(len(body)):
        assert refused(messages.decode_batch, body[:length])
    assert refused(messages.decode_batch, body + b"x")
    assert refused(messages.decode_batch, messages.encode_batch(3, 0, b"c" * 16, slots))
    assert refused(messages.decode_batch, messages.encode_batch(3, 1, b"c" * 16, []))
    assert refused(messages.decode_batch, messages.encode_batch(3, 1, b"c" * 16, slots * 7))
    assert len(messages.encode_batch(1, 1, b"c" * 16, [slots[0]] * messages.MAX_SLOTS)) == messages.MAX_BATCH


def test_hex():
    assert messages.bytes_of("00ff") == b"\x00\xff"
    for wrong in ("0", "zz", "0x"):
        assert refused(messages.bytes_of, wrong)


def test_topics():
    assert topics.parse(topics.up("T0001", "records")) == ("T0001", "up", "records")
    assert topics.parse(topics.down("T0001", "receipt")) == ("T0001", "down", "receipt")
    for wrong in ("", "x", "cheyou/1/T0001/up", "cheyou/1/T0001/up/verdict", "cheyou/1/t1/up/check", "cheyou/2/T0001/up/check",
                  "cheyou/1//up/check", "cheyou/1/T0001/up/check/x", "cheyou/1/T0001/side/check"):  # fmt: skip
        assert topics.parse(wrong) is None, wrong
        assert topics.name_to("T0001", wrong) is None, wrong
    assert topics.name_to("T0001", topics.down("T0001", "receipt")) == "receipt"
    for wrong in (
        topics.down("T0002", "receipt"),
        topics.down("T0001", "check"),
        topics.down("T0001", ""),
        topics.down("T0001", "+"),
    ):
        assert topics.name_to("T0001", wrong) is None, wrong
