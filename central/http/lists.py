"""List files for terminals, whole or in ranges (RFC 9110 section 14)."""

# No postponed annotations here: FastAPI must see the dependencies that are bound to an instance.

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Response

from central.http.access import Access

if TYPE_CHECKING:
    from central.service import Service

_U32 = Path(ge=0, le=0xFFFFFFFF)
_RANGE = re.compile(r"bytes=(\d{0,10})-(\d{0,10})")


def router(service: "Service", access: Access) -> APIRouter:
    """/lists/{list}/{version}."""
    routes = APIRouter(tags=["lists"], dependencies=[Depends(access.token_or_terminal)])

    @routes.get(
        "/lists/{number}/{version}",
        response_class=Response,
        responses={
            200: {"content": {"application/octet-stream": {}}},
            206: {"description": "The range asked for", "content": {"application/octet-stream": {}}},
            404: {"description": "There is no such file"},
            416: {"description": "Nothing of the file is in that range"},
        },
    )
    def content(
        number: Annotated[int, _U32],
        version: Annotated[int, _U32],
        range_: Annotated[str | None, Header(alias="Range")] = None,
    ) -> Response:
        """A list file, base or delta; with a `Range` header one range of it."""
        size = service.lists.size(number, version)
        if size is None:
            raise HTTPException(404, "there is no such list file")
        headers = {"Accept-Ranges": "bytes", "ETag": f'"{number}-{version}"', "Cache-Control": "immutable"}
        wanted = _wanted(range_, size)
        if wanted is None:
            return Response(service.lists.content(number, version), media_type="application/octet-stream", headers=headers)
        first, last = wanted
        if first > last or first >= size:
            raise HTTPException(416, "not in the file", {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        piece = service.lists.chunk(number, version, first, last - first + 1)
        return Response(piece, 206, headers, "application/octet-stream")

    return routes


def _wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, last) byte of a single range; None when there is none, or one of a form we do not serve: then all is sent."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size - 1
    return int(match[1]), min(int(match[2]), size - 1) if match[2] else size - 1
