"""How a FHIR server is told who is asking: nothing, a password, a token, or a token fetched with OAuth2."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import jwt
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from substrate.clock import MICROS, MINUTE
from substrate.errors import ConfigurationError
from substrate.sources.web import Answer, BadAnswerError, Call, RefusedError, safe_url

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MARGIN = 30 * MICROS  # a token is renewed this long before it expires


class _Auth(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoAuth(_Auth):
    """The server asks nobody."""

    kind: Literal["none"] = "none"


class BasicAuth(_Auth):
    """A user and a password with every request."""

    kind: Literal["basic"] = "basic"
    user: str
    password: SecretStr


class BearerAuth(_Auth):
    """A token that somebody else fetched."""

    kind: Literal["bearer"] = "bearer"
    token: SecretStr


class ClientCredentials(_Auth):
    """OAuth2 client credentials with a shared secret."""

    kind: Literal["client_credentials"] = "client_credentials"
    token_url: str
    client_id: str
    client_secret: SecretStr
    scope: str = "system/*.rs"


class BackendServices(_Auth):
    """SMART Backend Services: OAuth2 client credentials, signed with our private key."""

    kind: Literal["smart_backend"] = "smart_backend"
    token_url: str
    client_id: str
    private_key: SecretStr | None = Field(None, description="The key as PEM text.")
    private_key_file: Path | None = Field(None, description="Or the file that holds it.")
    key_id: str | None = Field(None, description="The key's `kid` in the registered key set.")
    algorithm: Literal["RS384", "ES384"] = "RS384"
    scope: str = "system/*.rs"

    @model_validator(mode="after")
    def _has_one_key(self) -> BackendServices:
        if (self.private_key is None) == (self.private_key_file is None):
            raise ValueError("give either private_key or private_key_file")
        return self

    def key(self) -> str:
        """The private key as PEM text."""
        if self.private_key is not None:
            return self.private_key.get_secret_value()
        try:
            return (self.private_key_file or Path()).read_text()
        except OSError as error:
            raise ConfigurationError(
                f"the private key {self.private_key_file} cannot be read: {error.strerror}",
                hint="Correct the path, or let this user read the file.",
            ) from None


FhirAuth: TypeAlias = Annotated[
    NoAuth | BasicAuth | BearerAuth | ClientCredentials | BackendServices, Field(discriminator="kind")
]


class Authorizer:
    """Gives the `Authorization` header, fetching a token when there is none or it is about to expire."""

    def __init__(self, auth: FhirAuth, send: Callable[[Call], Answer], now: Callable[[], int]) -> None:
        self._auth, self._send, self._now = auth, send, now
        self._token: tuple[str, int] | None = None

    @property
    def can_renew(self) -> bool:
        """Whether another token can be had when the server refuses this one."""
        return isinstance(self._auth, ClientCredentials | BackendServices)

    def renew(self) -> None:
        """Forget the token."""
        self._token = None

    def header(self) -> dict[str, str]:
        """The header to send with a request to the server.

        Raises:
            RefusedError: the token server gave no token.
        """
        auth = self._auth
        if isinstance(auth, NoAuth):
            return {}
        if isinstance(auth, BasicAuth):
            return {"authorization": _basic(auth.user, auth.password)}
        if isinstance(auth, BearerAuth):
            return {"authorization": f"Bearer {auth.token.get_secret_value()}"}
        if self._token is None or self._token[1] <= self._now():
            self._token = self._fetch(auth)
        return {"authorization": f"Bearer {self._token[0]}"}

    def _fetch(self, auth: ClientCredentials | BackendServices) -> tuple[str, int]:
        form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
        headers = {"accept": "application/json"}
        if isinstance(auth, ClientCredentials):
            headers["authorization"] = _basic(auth.client_id, auth.client_secret)
        else:
            form |= {"client_assertion_type": _ASSERTION, "client_assertion": _assertion(auth, self._now())}
        asked = self._now()
        answer = self._send(Call(auth.token_url, "POST", headers=headers, form=form))
        return _token(answer, asked)


def _token(answer: Answer, asked: int) -> tuple[str, int]:
    """The token of an answer, and until when it is used."""
    if answer.status != 200:
        raise RefusedError(
            f"{answer.place} gave no token (status {answer.status}{_error_code(answer)})",
            status=answer.status,
            hint="Check client id, secret or key, and scope, as registered with the server.",
        )
    told = answer.json()
    token, lasts = told.get("access_token"), told.get("expires_in", 300)
    if not isinstance(token, str) or not isinstance(lasts, int | float):
        raise BadAnswerError(f"{answer.place} answered without an access_token")
    return token, asked + max(int(lasts * MICROS) - _MARGIN, MICROS)


def _error_code(answer: Answer) -> str:
    """OAuth2's own error word, which is never a secret."""
    try:
        code = answer.json().get("error")
    except BadAnswerError:
        return ""
    return f", {code}" if isinstance(code, str) and code.isidentifier() else ""


def _assertion(auth: BackendServices, now: int) -> str:
    seconds = now // MICROS
    claims = {"iss": auth.client_id, "sub": auth.client_id, "aud": auth.token_url}
    claims |= {"jti": str(uuid.uuid4())}
    times = {"iat": seconds, "exp": seconds + 4 * MINUTE // MICROS}
    headers = {"kid": auth.key_id} if auth.key_id else None
    try:
        return jwt.encode(claims | times, auth.key(), auth.algorithm, headers)
    except (ValueError, TypeError, jwt.PyJWTError):
        raise ConfigurationError(
            f"the private key for {safe_url(auth.token_url)} is no {auth.algorithm} key",
            hint="Give an RSA key for RS384, or a P-384 key for ES384, as unencrypted PEM.",
        ) from None


def _basic(user: str, password: SecretStr) -> str:
    pair = f"{user}:{password.get_secret_value()}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
