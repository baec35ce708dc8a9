"""/copilots over HTTP: search, context, answer and feedback, for programs that show a key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from console.asked import AnswerAsked, ContextAsked, FeedbackAsked, SearchAsked
from console.told import (
    AnswerTold,
    ContextTold,
    CopilotsTold,
    CopilotTold,
    NotedTold,
    SearchTold,
    sentence_told,
)
from console.web.asking import Handler, Reception, Refused, answered, json_of, refusal_of
from flows.desk import Desk
from flows.meters import Meters
from rag.reply import Answer, Sentence
from substrate.access import Caller
from substrate.clock import MICROS
from substrate.errors import PlumblineError

Piece = Sentence | Answer

_EVENTS = "text/event-stream"
_UNKNOWN = "unknown"


class CopilotDoor:
    """Answers programs.

    Args:
        desk: where copilots are asked.
        reception: lets requests in.
        meters: what is counted.
    """

    def __init__(self, desk: Desk, reception: Reception, meters: Meters) -> None:
        self._desk = desk
        self._reception = reception
        self._meters = meters

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of everything that can be asked here."""
        place = "/copilots/{name}"
        return [
            ("GET", "/copilots", answered(self.listed)),
            ("POST", f"{place}/search", answered(self.search)),
            ("POST", f"{place}/context", answered(self.context)),
            ("POST", f"{place}/answer", answered(self.answer)),
            ("POST", f"{place}/feedback", answered(self.feedback)),
        ]

    async def listed(self, request: Request) -> Response:
        """GET /copilots: those that the caller may ask."""
        caller = await self._reception.caller(request)
        found = await self._reception.done(lambda: self._desk.copilots(caller))
        return json_of(CopilotsTold(copilots=[CopilotTold.of(copilot) for copilot in found]))

    async def search(self, request: Request) -> Response:
        """POST: passages on a question."""
        caller, name = await self._reception.caller(request), request.path_params["name"]
        asked = await self._reception.asked(request, SearchAsked)

        def work() -> SearchTold:
            with self._counted(caller, name, "search") as counted:
                found = self._desk.search(caller, name, asked.query, asked.about)
                counted(found.short or "found", found.timings)
                return SearchTold.of(found, self._desk.clock.now())

        return json_of(await self._reception.done(work))

    async def context(self, request: Request) -> Response:
        """POST: features of a record and passages on a question."""
        caller, name = await self._reception.caller(request), request.path_params["name"]
        asked = await self._reception.asked(request, ContextAsked)

        def work() -> ContextTold:
            with self._counted(caller, name, "context") as counted:
                entity = (asked.entity.kind, asked.entity.key)
                found = self._desk.context(caller, name, asked.query, entity, only_entity=asked.only_entity)
                counted(found.found.short or "found", found.timings)
                return ContextTold.of(found, self._desk.clock.now(), frozenset(asked.features))

        return json_of(await self._reception.done(work))

    async def answer(self, request: Request) -> Response:
        """POST: an answer, whole or as it comes."""
        caller, name = await self._reception.caller(request), request.path_params["name"]
        asked = await self._reception.asked(request, AnswerAsked)
        if asked.stream or _EVENTS in request.headers.get("accept", ""):
            return await self._streamed(self._pieces(caller, name, asked))

        def work() -> AnswerTold:
            *_, last = self._pieces(caller, name, asked)
            return AnswerTold.whole(last)

        return json_of(await self._reception.done(work, slow=True))

    async def feedback(self, request: Request) -> Response:
        """POST: what somebody says of an answer."""
        caller, name = await self._reception.caller(request), request.path_params["name"]
        asked = await self._reception.asked(request, FeedbackAsked)
        number = await self._reception.done(lambda: self._desk.note(caller, asked.feedback(name)))
        self._meters.asked.labels(name, "feedback", "helpful" if asked.helpful else "unhelpful").inc()
        return json_of(NotedTold(id=number))

    def _pieces(self, caller: Caller, name: str, asked: AnswerAsked) -> Iterator[Piece]:
        with self._counted(caller, name, "answer") as counted:
            for piece in self._desk.answer(caller, name, asked.query, asked.about):
                if isinstance(piece, Answer):
                    counted(str(piece.outcome), piece.timings)
                yield piece

    async def _streamed(self, pieces: Iterator[Piece]) -> Response:
        # What is wrong with the question is said by the status, so the first piece is waited for.
        first = await self._reception.done(lambda: next(pieces), slow=True)

        async def events() -> AsyncIterator[bytes]:
            piece: Piece | None = first
            while piece is not None:
                yield _event(piece)
                try:
                    piece = await self._reception.done(lambda: next(pieces, None), slow=True)
                except Refused as refusal:
                    yield b"event: error\ndata: " + bytes(refusal.answer().body) + b"\n\n"
                    return

        return StreamingResponse(events(), media_type=_EVENTS, headers={"Cache-Control": "no-store"})

    @contextmanager
    def _counted(self, caller: Caller, name: str, what: str) -> Iterator[Callable[[Any, Any], None]]:
        """Count a question under its outcome; names that nobody has must not become labels."""

        def settled(outcome: object, timings: dict[str, int]) -> None:
            self._meters.asked.labels(name, what, str(outcome)).inc()
            for stage, micros in timings.items():
                self._meters.asked_seconds.labels(what, stage).observe(micros / MICROS)

        try:
            yield settled
        except PlumblineError as error:
            known = any(name == copilot.name for copilot in self._desk.copilots(caller))
            label = name if known else _UNKNOWN
            self._meters.asked.labels(label, what, f"refused_{refusal_of(error).status}").inc()
            raise


def _event(piece: Piece) -> bytes:
    """A piece as a server-sent event: `sentence` for each, `answer` for the whole in the end."""
    name, told = ("answer", AnswerTold.of(piece)) if isinstance(piece, Answer) else ("sentence", sentence_told(piece))
    return f"event: {name}\ndata: {told.model_dump_json()}\n\n".encode()
