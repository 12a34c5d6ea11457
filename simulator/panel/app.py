"""The page and its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.panel.feed import Feed, Frame

PAGE = Path(__file__).with_name("page")
# A browser that lags so many frames behind is cut off; it comes back and gets the state as it is then.
BACKLOG = 500
_POLICY_VIOLATION = 1008
_TOO_SLOW = 1013


class Panel:
    """Spreads what the feeds tell to all browsers, and takes their wishes."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = feeds
        self._browsers: set[asyncio.Queue[Frame | None]] = set()
        self.app = Starlette(
            routes=[WebSocketRoute("/ws", self._serve), Mount("/", StaticFiles(directory=PAGE, html=True))], lifespan=self._live
        )

    @contextlib.asynccontextmanager
    async def _live(self, _app: Starlette) -> AsyncIterator[None]:
        for feed in self._feeds:
            feed.connect(self._spread)
        tasks = [asyncio.create_task(feed.run()) for feed in self._feeds]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spread(self, frame: Frame) -> None:
        for queue in tuple(self._browsers):
            if queue.qsize() < BACKLOG:
                queue.put_nowait(frame)
            else:
                self._browsers.discard(queue)
                queue.put_nowait(None)

    async def _serve(self, socket: WebSocket) -> None:
        if not _same_origin(socket):
            await socket.close(_POLICY_VIOLATION)
            return
        await socket.accept()
        queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        queue.put_nowait({"terminals": [feed.description() for feed in self._feeds]})
        # From here on nothing is missed; what comes twice does no harm.
        self._browsers.add(queue)
        for feed in self._feeds:
            for frame in feed.state():
                queue.put_nowait(frame)
        writer = asyncio.create_task(self._write(socket, queue))
        held: set[Feed] = set()
        try:
            while True:
                await self._take(socket, await socket.receive_text(), held)
        except WebSocketDisconnect:
            pass
        finally:
            self._browsers.discard(queue)
            writer.cancel()
            for feed in held:
                feed.finger.up()  # nobody else will let go of the key

    async def _take(self, socket: WebSocket, text: str, held: set[Feed]) -> None:
        try:
            wish = json.loads(text)
            if not isinstance(wish, dict) or wish.get("t") not in range(len(self._feeds)):
                raise ValueError("which terminal?")
            feed = self._feeds[wish["t"]]
            feed.act(wish)
        except ValueError as fault:
            await socket.send_json({"error": str(fault)})
            return
        if "down" in wish:
            held.add(feed)
        elif "up" in wish:
            held.discard(feed)

    @staticmethod
    async def _write(socket: WebSocket, queue: asyncio.Queue[Frame | None]) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            while (frame := await queue.get()) is not None:
                await socket.send_json(frame)
            await socket.close(_TOO_SLOW)


def _same_origin(socket: WebSocket) -> bool:
    """Whether a page of ours asks, and not one from elsewhere that the same browser shows."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
