"""protocol/asyncapi.yaml is valid AsyncAPI 3.0 and says what protocol/messages.py and protocol/topics.py do."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from protocol import fault, messages, reasons, topics
from protocol.offer_rules import checked

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "protocol" / "asyncapi.yaml"
_JSON_TYPES = {int: "integer", bool: "boolean", str: "string", dict: "object", list: "array"}
_BOUNDS = {
    int: ("minimum", "maximum"),
    str: ("minLength", "maxLength"),
    dict: ("minProperties", "maxProperties"),
    list: ("minItems", "maxItems"),
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document, anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


def test_is_valid_asyncapi_3(document: dict[str, Any]) -> None:
    schema = json.loads(gzip.decompress((HERE / "asyncapi-3.0.0.schema.json.gz").read_bytes()))
    validator = jsonschema.validators.validator_for(schema)(schema)
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator.iter_errors(document)]
    assert not errors


def test_the_validator_sees_faults(document: dict[str, Any]) -> None:
    """A schema that accepted anything would prove nothing."""
    schema = json.loads(gzip.decompress((HERE / "asyncapi-3.0.0.schema.json.gz").read_bytes()))
    broken = document | {"operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/hello"}}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                at: Any = document
                for part in value["$ref"].removeprefix("#/").split("/"):
                    at = at[part]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


def test_channels_are_the_topics(document: dict[str, Any]) -> None:
    addresses = {channel["address"].replace("{terminal}", "T0001") for channel in document["channels"].values()}
    expected = {topics.up("T0001", name) for name in topics.UP} | {topics.down("T0001", name) for name in topics.DOWN}
    assert addresses == expected
    for operation in document["operations"].values():
        address = document["channels"][operation["channel"]["$ref"].split("/")[-1]]["address"]
        assert ("/up/" in address) == (operation["action"] == "receive")


def test_fields_and_bounds_are_those_of_the_code(document: dict[str, Any]) -> None:
    described = document["components"]["messages"]
    binary = {"records", "refusals", "chunk", "fault"}
    assert set(described) == set(messages.FIELDS) | binary
    for name in messages.FIELDS:
        fields = {field: bounds for field, *bounds in messages.fields_of(name)}
        payload = described[name]["payload"]
        assert set(payload["properties"]) == set(payload["required"]) == set(fields), name
        for field, (kind, least, most) in fields.items():
            schema = payload["properties"][field]
            assert schema["type"] == _JSON_TYPES[kind], (name, field)
            if kind is not bool:
                low, high = _BOUNDS[kind]
                assert (schema.get(low, 0), schema[high]) == (least, most), (name, field)


def test_examples_decode(document: dict[str, Any]) -> None:
    for name in messages.FIELDS:
        examples = document["components"]["messages"][name]["examples"]
        assert examples, name
        for example in examples:
            fields = messages.decode(name, json.dumps(example["payload"]).encode())
            assert fields == example["payload"]
            assert messages.decode(name, messages.encode(name, **fields)) == fields
            if name == "verdict":
                assert fields["reason"] in reasons.CODES
            if name == "settings":
                assert [checked(offer).id for offer in fields["offers"]] == [1, 2, 3, 4, 5]


def test_binary_sizes_and_example(document: dict[str, Any]) -> None:
    described = document["components"]["messages"]
    for name in ("records", "refusals"):
        assert described[name]["payload"]["maxLength"] == messages.MAX_BATCH
        body = bytes.fromhex(described[name]["x-example-hex"])
        assert len(body) == described[name]["payload"]["minLength"]
        epoch, first, chain, slots = messages.decode_batch(body)
        assert (epoch, first, chain, slots) == (1, 1, bytes(range(16)), [bytes(range(64))])
    told = fault.decode(bytes.fromhex(described["fault"]["x-example-hex"]))
    assert told == ("verdict", "tag does not match", 2, b"AB")
    assert described["kept"]["examples"][0]["payload"]["digest"] == fault.digest(told[3])
    assert described["fault"]["payload"]["maxLength"] == len(fault.encode("s" * 99, "r" * 99, 2000, bytes(2000)))
    assert (
        described["chunk"]["payload"]["maxLength"]
        == 12 + {field: most for field, _, _, most in messages.fields_of("fetch")}["length"]
    )
