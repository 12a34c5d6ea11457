"""The HTTP interface, on SQLite and PostgreSQL: who gets in, what is found, and that nothing from outside makes it fail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from central import demo, tokens
from central.http.access import http_password
from central.http.app import create_app
from central.link import Endpoint
from central.lists import Lists
from central.service import Service
from protocol import messages
from tests.central.chains import append, batch, journal
from tests.central.conftest import Seeded
from tests.central.test_ingest import take


@pytest.fixture
def client(seeded: Seeded) -> Iterator[TestClient]:
    """The application with a token already set; its service is not running."""
    service = Service(seeded.database, Endpoint("127.0.0.1", 1))
    with seeded.database.write() as connection:
        token = tokens.make(connection, "test", "test")
    yield TestClient(create_app(service), headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)
    service.reader.close()


def paths(client: TestClient) -> dict[str, Any]:
    """The OpenAPI paths."""
    found: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    return found


def test_everything_but_health_asks_for_a_token(client: TestClient, seeded: Seeded) -> None:
    bare = {"Authorization": ""}
    for path, methods in paths(client).items():
        for method in methods:
            answer = client.request(method, path.replace("{number}", "13800138000"), headers=bare)
            assert answer.status_code == (503 if path == "/healthz" else 401), (method, path)
    assert client.get("/docs", headers=bare).status_code == 200
    assert client.get("/terminals", headers={"Authorization": "Bearer cy_wrong"}).status_code == 401
    with seeded.database.write() as connection:
        tokens.revoke(connection, "test", "test")
    assert client.get("/terminals").status_code == 401


def test_tokens_are_not_kept_in_the_clear(seeded: Seeded) -> None:
    with seeded.database.write() as connection:
        token = tokens.make(connection, "one", "test")
        assert tokens.owner(connection, token) == "one"
        assert token not in str(tokens.listing(connection))
    if seeded.database.is_sqlite:
        for file in Path(str(seeded.database.url.database)).parent.iterdir():
            assert token.encode() not in file.read_bytes()


def test_redemptions_are_found_and_paged(client: TestClient, seeded: Seeded) -> None:
    made = journal(seeded.key, 0)
    for at in range(25):
        append(made, time=1_790_000_000 + at, member=13_800_138_000 + at % 2)
    take(seeded, batch(seeded.terminal, made, 1, 25))
    found: list[dict[str, Any]] = []
    before: int | None = None
    while True:
        page = client.get("/redemptions", params={"limit": 7, **({"before": before} if before else {})}).json()
        found += page["items"]
        before = page["next"]
        if before is None:
            break
    assert [item["sequence"] for item in found] == list(range(25, 0, -1))
    assert found[0]["member"] == "138****8000" and found[0]["kind"] == "redemption"
    for params, count in (
        ({"phone": "13800138001"}, 12),
        ({"merchant": "DEMO"}, 25),
        ({"merchant": "NONE"}, 0),
        ({"terminal": demo.TERMINAL, "since": 1_790_000_010}, 15),
        ({"since": 1_790_000_010, "until": 1_790_000_012}, 2),
    ):
        assert len(client.get("/redemptions", params=params).json()["items"]) == count, params
    assert client.get("/redemptions", params={"full": True, "limit": 1}).json()["items"][0]["member"] == "13800138000"
    assert client.get("/redemptions", params={"phone": "138"}).status_code == 422


def test_members_merchants_and_offers_are_put_idempotently(client: TestClient) -> None:
    member = {"tier": "vip", "active_from": 1_790_000_000}
    assert [client.put("/members/13312345678", json=member).json() for _ in range(2)] == [{"changed": True}, {"changed": False}]
    assert client.get("/members/13312345678").json() == member | {"active_until": None, "blocked": False}
    assert client.get("/members/13312345679").status_code == 404
    for wrong in ({"tier": "gold"}, {"active_until": 1_780_000_000}, {"extra": 1}, {"active_from": "soon"}, {"blocked": "no"}):
        assert client.put("/members/13312345678", json=member | wrong).status_code == 422, wrong
    merchant = {"name": {"en": "Two"}, "category": "wash"}
    assert [client.put("/merchants/M2", json=merchant).json()["changed"] for _ in range(2)] == [True, False]
    offer = demo.OFFER | {"id": 4}
    assert [client.put("/merchants/M2/offers", json=offer).json()["changed"] for _ in range(2)] == [True, False]
    assert client.get("/merchants/M2/offers").json()["items"][0]["terms"] == offer
    assert client.put("/merchants/NONE/offers", json=offer).status_code == 422
    assert client.delete("/merchants/M2/offers/4").status_code == 200
    assert client.delete("/merchants/M2/offers/4").status_code == 409
    assert client.put("/merchants/M2/suspension", json={"suspended": True}).status_code == 200
    assert client.put("/terminals/T0001/suspension", json={"suspended": True}).status_code == 200
    assert client.get("/terminals").json()["items"][0]["suspended"] is True
    assert client.put("/terminals/T9/suspension", json={"suspended": True}).status_code == 409


def test_a_feed_of_events(client: TestClient) -> None:
    good = {"event_id": "1", "time": "2026-01-05", "member_id": "13312345678", "event": "subscribe", "tier": "vip"}
    rows = [good, {**good, "event_id": "2", "event": "marry"}, {"event_id": "3"}, good, {**good, "tier": "ordinary"}]
    bad = [row["row"] for row in client.post("/members/events", json={"events": rows}).json()["bad"]]
    assert bad == [2, 3, 5]
    again = client.post("/members/events", json={"events": rows}).json()
    assert (again["new"], again["known"], [row["row"] for row in again["bad"]]) == (0, 2, bad)
    assert client.get("/members/13312345678").json()["tier"] == "vip"
    assert [row["event"] for row in client.get("/members/13312345678/events").json()["items"]] == ["subscribe"]
    aside = client.get("/quarantine").json()["items"]
    assert [row["source"] for row in aside] == ["feed/feed"] * 3 and not any("133123" in row["reason"] for row in aside)
    assert client.post("/members/events", json={"events": []}).json()["rows"] == 0
    other = client.post("/members/events", params={"source": "other"}, json={"events": [good]}).json()
    assert other["new"] == 1, "another source has names of its own"


def test_list_files_in_ranges(client: TestClient, seeded: Seeded) -> None:
    lists = Lists(seeded.database)
    assert asyncio.run(lists.refresh(seeded.directory))
    offer = messages.decode("list", lists.bodies()[0])
    whole = client.get(offer["path"])
    assert whole.status_code == 200 and len(whole.content) == offer["bytes"]
    size = len(whole.content)
    for header, status, content in (
        ("bytes=0-9", 206, whole.content[:10]),
        ("bytes=5-", 206, whole.content[5:]),
        ("bytes=-7", 206, whole.content[-7:]),
        (f"bytes={size - 1}-99999", 206, whole.content[-1:]),
        ("bytes=0-1,3-4", 200, whole.content),
        ("bytes=-", 200, whole.content),
        ("lines=1-2", 200, whole.content),
    ):
        answer = client.get(offer["path"], headers={"Range": header})
        assert (answer.status_code, answer.content) == (status, content), header
    for header in (f"bytes={size}-", "bytes=9-5"):
        assert client.get(offer["path"], headers={"Range": header}).status_code == 416, header
    terminal = (demo.TERMINAL, http_password(seeded.key))
    assert client.get(offer["path"], auth=terminal, headers={}).status_code == 200
    for wrong in ((demo.TERMINAL, "x"), ("T9", terminal[1]), ("\x00", "")):
        assert client.get(offer["path"], auth=wrong).status_code == 401
    assert client.get("/terminals", auth=terminal).status_code == 401, "a terminal gets list files and nothing else"
    assert client.get("/lists/1/1").status_code == 404


def test_metrics_are_prometheus_text(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert "cheyou_broker_connected 0" in samples and all(line.rsplit(" ", 1)[1] for line in samples)
    names = {line.split("{")[0].split(" ")[0] for line in samples}
    for name in names:
        assert f"# TYPE {name} " in answer.text and f"# HELP {name} " in answer.text


def test_health_names_the_fault(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503 and "broker" in answer.json()["faults"][0]


def test_odd_input_never_makes_it_fail(client: TestClient) -> None:
    """No 5xx, whatever is sent (NUL, surrogates, huge numbers, wrong types)."""
    odd: list[Any] = [None, [], {}, "", "\x00", "é" * 5000, -1, 2**80, 1.5, True, {"en": "\x00"}, {"a": [1, {"b": "\x00"}]}]
    parameters = ["\x00", "'", "%00", "９" * 11, "-1", "9" * 40, "1e9", " ", "a" * 4000]
    for path, methods in paths(client).items():
        for method in methods:
            for value in parameters:
                url = path
                for name in ("number", "version", "merchant", "offer", "terminal"):
                    url = url.replace(f"{{{name}}}", value.replace("\x00", "%00").replace(" ", "%20"))
                answer = client.request(method, url, params=dict.fromkeys(("phone", "since", "before", "state"), value))
                assert answer.status_code < 500 or path == "/healthz", (method, path, value)
    for value in odd:
        for method, path in (
            ("PUT", "/members/13312345678"),
            ("PUT", "/merchants/M1"),
            ("PUT", "/merchants/DEMO/offers"),
            ("PUT", "/merchants/DEMO/suspension"),
            ("PUT", "/terminals/T0001/suspension"),
        ):
            for body in (value, {"name": value, "category": value}, demo.OFFER | {"label": value}, demo.OFFER | {"x": value}):
                assert client.request(method, path, json=body).status_code < 500, (path, body)
