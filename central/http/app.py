"""Puts the HTTP application together. Everything but /healthz and /docs asks for a token (`cheyou central add-token`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from central.catalog import CatalogError
from central.cells import RowError
from central.errors import CentreError
from central.http import bookings, catalog, health, lists, members, searches, terminals
from central.http.access import Access

if TYPE_CHECKING:
    from central.service import Service


def create_app(service: Service) -> FastAPI:
    """The application over a ``service``."""
    app = FastAPI(title="CheYou centre", version="1", description=__doc__ or "")
    access = Access(service.database)
    guarded = [Depends(access.token)]
    app.include_router(health.router(service))
    app.include_router(health.metrics_router(service), dependencies=guarded)
    app.include_router(lists.router(service, access))
    for part in (searches, members, bookings, catalog, terminals):
        app.include_router(part.router(service.database, access), dependencies=guarded)

    @app.exception_handler(CentreError)
    def refused(_: Request, error: CentreError) -> JSONResponse:
        return JSONResponse({"detail": error.message, "next_step": error.next_step}, 409)

    @app.exception_handler(CatalogError)
    @app.exception_handler(RowError)
    def malformed(_: Request, error: ValueError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(sa.exc.OperationalError)
    @app.exception_handler(sa.exc.InterfaceError)
    def away(_: Request, _error: Exception) -> JSONResponse:
        return JSONResponse({"detail": "the database is not available", "next_step": "try again later"}, 503)

    return app
