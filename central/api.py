"""The HTTP side of the centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response

if TYPE_CHECKING:
    from central.service import Service


def create_app(service: Service) -> FastAPI:
    """The application over a running ``service``."""
    app = FastAPI(title="CheYou centre", version="1")

    @app.get("/healthz")
    def health(response: Response) -> dict[str, Any]:
        """Whether the centre can do its work: 200, or 503 and what is wrong."""
        faults = []
        if not service.link.up.is_set():
            faults.append("no connection to the broker")
        if not service.writer.healthy:
            faults.append(f"the database does not take records: {service.writer.counters.last_error}")
        if faults:
            response.status_code = 503
        return {"ok": not faults, "faults": faults}

    return app
