"""Health for whoever restarts things, metrics in Prometheus' text format for whoever watches them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from central.database import now

if TYPE_CHECKING:
    from central.service import Service

Metric = tuple[str, str, str, list[tuple[dict[str, str], float]]]  # name, type, help, (labels, value)


def router(service: Service) -> APIRouter:
    """/healthz, open to all: it says nothing of members or merchants."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/healthz", responses={503: {"description": "Something is wrong; `faults` says what"}})
    def health(response: Response) -> dict[str, Any]:
        """Whether the centre can do its work: 200, or 503 and what is wrong."""
        faults = []
        if not service.link.up.is_set():
            faults.append(f"no connection to the broker: {service.link.last_error or 'not yet'}")
        if not service.writer.healthy:
            faults.append(f"the database takes no records: {service.writer.counters.last_error}")
        if faults:
            response.status_code = 503
        return {"ok": not faults, "faults": faults}

    return routes


def metrics_router(service: Service) -> APIRouter:
    """/metrics."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> str:
        """Counters since the start, in Prometheus' text format."""
        return "\n".join(_lines(service)) + "\n"

    return routes


def _lines(service: Service) -> Iterator[str]:
    for name, kind, text, values in _metrics(service):
        yield f"# HELP cheyou_{name} {text}"
        yield f"# TYPE cheyou_{name} {kind}"
        for labels, value in values:
            inside = ",".join(f'{label}="{_escaped(said)}"' for label, said in labels.items())
            yield f"cheyou_{name}{{{inside}}} {value}" if inside else f"cheyou_{name} {value}"


def _metrics(service: Service) -> Iterator[Metric]:
    writer, dispatch, link = service.writer.counters, service.dispatch, service.link
    yield "up_seconds", "gauge", "Seconds since the start.", [({}, now() - service.started_at)]
    yield "broker_connected", "gauge", "1 while connected to the broker.", [({}, int(link.up.is_set()))]
    yield "broker_connects_total", "counter", "Connections made to the broker.", [({}, link.connects)]
    yield "database_writable", "gauge", "1 while the database takes records.", [({}, int(service.writer.healthy))]
    yield "records_stored_total", "counter", "Slots whose batch was committed, resends included.", [({}, writer.records)]
    yield "commits_total", "counter", "Groups committed.", [({}, writer.groups)]
    yield "commit_seconds_total", "counter", "Seconds spent storing groups.", [({}, round(writer.commit_s, 6))]
    yield "batches_waiting", "gauge", "Batches not yet stored.", [({}, service.writer.waiting)]
    yield "batches_dropped_total", "counter", "Batches left for the terminal to send again.", [({}, writer.batches_dropped)]
    yield "write_failures_total", "counter", "Commits that failed.", [({}, writer.failures)]
    yield "jobs_dropped_total", "counter", "Log entries given up while the database was away.", [({}, writer.jobs_dropped)]
    yield "messages_dropped_total", "counter", "Messages dropped unread in a flood.", [({}, link.dropped)]
    yield "checks_unanswered_total", "counter", "Checks the database could not answer.", [({}, service.unanswered)]
    messages = [({"name": name}, float(count)) for name, count in sorted(dispatch.counts.items())]
    yield "messages_total", "counter", "Messages by name; quarantined ones under that name.", messages
    verdicts = [({"reason": reason}, float(count)) for reason, count in sorted(dispatch.verdicts.items())]
    yield "verdicts_total", "counter", "Verdicts by reason.", verdicts
    yield "terminals", "gauge", "Registered terminals.", [({}, len(service.directory.terminals))]
    lists = [({"month": str(month)}, float(count)) for month, count in sorted(service.lists.members.items())]
    yield "list_members", "gauge", "Numbers on the published member list of a month.", lists


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
