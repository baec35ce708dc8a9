"""Vectors from an API of the OpenAI kind: `POST {base}/embeddings`, in batches, tried again where that makes sense.

The form of request and answer is that of OpenAI's "Create embeddings", which vLLM, Ollama, Text Embeddings Inference
and others speak too.
"""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from rag.embedder import Vectors
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError
from substrate.loopback import is_loopback
from substrate.sources.backoff import RETRIED, Backoff
from substrate.sources.web import Answer, BadAnswerError, Call, RefusedError, Web

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_BACKOFF = Backoff(attempts=5, cap_seconds=20.0, patience_seconds=120.0)
_MOST_TEXTS = 32
"""What Text Embeddings Inference takes in one request by default, the least of them."""

_MOST_TOKENS = 8_000
_BYTES_PER_TOKEN = 4
_PROBE = "dimensions"
_HINTS = {
    400: "Check PLUMBLINE_EMBED_MODEL and PLUMBLINE_EMBED_DIMENSIONS.",
    401: "Check PLUMBLINE_EMBED_KEY; it may have expired.",
    403: "Check PLUMBLINE_EMBED_KEY: it may not use this model.",
    404: "Check PLUMBLINE_EMBED_URL and PLUMBLINE_EMBED_MODEL.",
}


class _Item(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    index: int
    embedding: list[float]


class _Usage(BaseModel):
    prompt_tokens: int = 0


class _Content(BaseModel):
    data: list[_Item]
    usage: _Usage = _Usage()


@dataclass(frozen=True, slots=True)
class HostedModel:
    """A model behind an API.

    Attributes:
        url: the part of the address before `/embeddings`.
        model: its name there.
        key: sent as bearer token; None: none is asked for.
        dimensions: how many numbers a vector shall have; None: as many as the model gives.
    """

    url: str
    model: str
    key: SecretStr | None = None
    dimensions: int | None = None


@dataclass(slots=True)
class Spending:
    """What was asked of the API so far.

    Attributes:
        calls: answered requests.
        texts: texts in them.
        tokens: tokens by which the API counts them, as far as it says.
    """

    calls: int = 0
    texts: int = 0
    tokens: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(self, texts: int, tokens: int) -> None:
        """One more call."""
        with self._lock:
            self.calls += 1
            self.texts += texts
            self.tokens += tokens


class HostedEmbedder:
    """Asks an API for vectors. Safe to be shared by threads; its connections are given back with it.

    Args:
        hosted: which model, and where.
        clearance: the most sensitive text that it may be given.
        timeout: how long each step of a call may take.
        sleep, chance: given in tests.

    Raises:
        ConfigurationError: the address would be spoken to unencrypted, or cannot be read.
    """

    def __init__(
        self,
        hosted: HostedModel,
        clearance: Sensitivity = Sensitivity.INTERNAL,
        *,
        timeout: httpx.Timeout = _TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.clearance = clearance
        self.spending = Spending()
        self._hosted = hosted
        self._size = hosted.dimensions
        self._url = _address(hosted.url)
        client = httpx.Client(timeout=timeout)
        weakref.finalize(self, client.close)
        retried = RETRIED | {httpx.codes.INTERNAL_SERVER_ERROR}
        self._web = Web(client, _BACKOFF, sleep, chance=chance, retried=retried)

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has; where neither the settings nor an answer has said it, the model is asked."""
        return self._size or self._ask([_PROBE]).shape[1]

    @property
    def fingerprint(self) -> str:
        """The host, the model and the vectors' size: what the API does not change without a new name."""
        return f"{urlsplit(self._url).hostname}/{self._hosted.model}/{self.dimensions}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, each asked for once.

        Raises:
            UnreachableError: the API did not answer in several tries.
            RefusedError: it said no.
            BadAnswerError: it answered with something else than a vector for each text.
        """
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.concatenate([self._ask([texts[row] for row in rows]) for rows in batches(self.tokens(texts))])

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """About how many tokens each text has: one for four bytes, since the model's own tokenizer is not here."""
        return [-(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN) for text in texts]

    def _ask(self, texts: Sequence[str]) -> Vectors:
        asked: dict[str, Any] = {"model": self._hosted.model, "input": list(texts), "encoding_format": "float"}
        if self._hosted.dimensions is not None:
            asked["dimensions"] = self._hosted.dimensions
        answer = self._web.send(Call(self._url, "POST", headers=self._headers(), body=_json(asked)))
        if answer.status != httpx.codes.OK:
            hint = _HINTS.get(answer.status, "See the API's own log.")
            raise RefusedError(f"{answer.place} answered {answer.status}", status=answer.status, hint=hint)
        content = _content(answer)
        self.spending.add(len(texts), content.usage.prompt_tokens)
        return self._of_size(_ordered(content.data, len(texts), answer.place))

    def _headers(self) -> dict[str, str]:
        headers = {"content-type": "application/json", "accept": "application/json", "user-agent": "plumbline"}
        if self._hosted.key is not None:
            headers["authorization"] = f"Bearer {self._hosted.key.get_secret_value()}"
        return headers

    def _of_size(self, vectors: Vectors) -> Vectors:
        size = vectors.shape[1]
        self._size = self._size or size
        if size != self._size:
            message = f"{self._hosted.model} gave vectors of {size} numbers, not {self._size}"
            raise BadAnswerError(message, hint="Check PLUMBLINE_EMBED_MODEL and PLUMBLINE_EMBED_DIMENSIONS.")
        return vectors


def batches(tokens: Sequence[int]) -> list[list[int]]:
    """Positions of texts, in order, in groups that one request may carry."""
    groups: list[list[int]] = []
    size = 0
    for row, count in enumerate(tokens):
        size += count
        if not groups or size > _MOST_TOKENS or len(groups[-1]) == _MOST_TEXTS:
            groups.append([])
            size = count
        groups[-1].append(row)
    return groups


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        message = "the embedder's address must be an http or https URL without user and query"
        raise ConfigurationError(message, hint="Set PLUMBLINE_EMBED_URL to the part before /embeddings.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        message = f"the embedder at {parts.hostname} would be sent texts unencrypted"
        raise ConfigurationError(message, hint="Let PLUMBLINE_EMBED_URL begin with https://.")
    return f"{url.rstrip('/')}/embeddings"


def _json(asked: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(asked)
    except orjson.JSONEncodeError:  # half of a surrogate pair
        asked["input"] = [text.encode("utf-8", "replace").decode() for text in asked["input"]]
        return orjson.dumps(asked)


def _content(answer: Answer) -> _Content:
    try:
        return _Content.model_validate(answer.json())
    except ValidationError as error:
        # What stood there is not repeated: an API may give back the texts that it was sent.
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        message = f"{answer.place} did not answer as /embeddings does (`{where}`)"
        raise BadAnswerError(message, hint="Check PLUMBLINE_EMBED_URL.") from None


def _ordered(items: Sequence[_Item], count: int, place: str) -> Vectors:
    """The vectors by their `index`, which APIs are free to shuffle, of length 1."""
    if sorted(item.index for item in items) != list(range(count)):
        raise BadAnswerError(f"{place} answered {len(items)} vectors for {count} texts, or not one for each")
    if len({len(item.embedding) for item in items}) != 1:
        raise BadAnswerError(f"{place} answered vectors of different sizes")
    by_index = sorted(items, key=lambda item: item.index)
    vectors = np.array([item.embedding for item in by_index], dtype=np.float64)
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise BadAnswerError(f"{place} answered a vector that has no direction")
    return np.asarray(vectors / lengths, dtype=np.float32)
