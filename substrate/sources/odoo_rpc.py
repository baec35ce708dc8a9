"""How a method of an Odoo model is called: JSON-2, or the older JSON-RPC that Odoo 22 will do without."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SecretStr

from substrate.errors import ConfigurationError
from substrate.sources.rest import Rest, refusal
from substrate.sources.web import Answer, BadAnswerError, RefusedError

Protocol = Literal["auto", "json2", "jsonrpc"]

_STATUS = {
    "odoo.exceptions.AccessDenied": 401,
    "odoo.exceptions.AccessError": 403,
    "werkzeug.exceptions.NotFound": 404,
    "builtins.KeyError": 404,
}
"""JSON-RPC answers every error with 200 and the name of an exception; a model that is not there is a KeyError."""

_EXPIRED = "Make a new API key in Odoo and put it into the settings; a key lives three months at most."


class Caller:
    """Calls methods of models, by the protocol that the server speaks.

    Args:
        rest: the server; its headers carry the key.
        database: the database's name.
        login: the user's; only JSON-RPC asks for it.
        key: the user's API key.
        protocol: `auto` tries JSON-2 first and remembers the answer.
    """

    def __init__(self, rest: Rest, database: str, login: str | None, key: SecretStr, protocol: Protocol) -> None:
        self._rest = rest
        self._database = database
        self._login = login
        self._key = key
        self._protocol = protocol
        self._user: int | None = None

    def call(self, model: str, method: str, arguments: dict[str, Any]) -> Any:
        """What a method of a model answers.

        Raises:
            RefusedError: the server says no; its own words are not repeated, as they may hold values of records.
            ConfigurationError: only JSON-RPC is spoken, and nobody said who we are.
        """
        if self._protocol == "jsonrpc":
            return self._old(model, method, arguments)
        answer = self._rest.post(f"json/2/{model}/{method}", arguments)
        if answer.status == 404 and self._protocol == "auto" and not _speaks_json2(answer):
            self._protocol = "jsonrpc"
            return self._old(model, method, arguments)
        if answer.status != 200:
            raise _refused(answer)
        self._protocol = "json2"
        return answer.value()

    def _old(self, model: str, method: str, arguments: dict[str, Any]) -> Any:
        secret = self._key.get_secret_value()
        if self._user is None:
            self._user = self._user_id(secret)
        asked = [self._database, self._user, secret, model, method, [], arguments]
        return self._service("object", "execute_kw", asked)

    def _user_id(self, secret: str) -> int:
        if self._login is None:
            hint = "Give the `login` of the user whose key it is."
            raise ConfigurationError("this Odoo server speaks JSON-RPC only, which asks for a login", hint=hint)
        found = self._service("common", "authenticate", [self._database, self._login, secret, {}])
        if not isinstance(found, int) or isinstance(found, bool):
            raise RefusedError("Odoo does not know this login and key", status=401, hint=_EXPIRED)
        return found

    def _service(self, service: str, method: str, arguments: list[Any]) -> Any:
        params = {"service": service, "method": method, "args": arguments}
        answer = self._rest.post("jsonrpc", {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1})
        if answer.status != 200:
            raise _refused(answer)
        told = answer.json()
        if "error" in told:
            raise _failed(answer.place, told["error"])
        return told.get("result")


def _speaks_json2(answer: Answer) -> bool:
    """Whether a 404 is JSON-2's own, which says that the model is not there."""
    try:
        return "name" in answer.json()
    except BadAnswerError:
        return False


def _refused(answer: Answer) -> RefusedError:
    error = refusal(answer)
    return RefusedError(error.message, status=401, hint=_EXPIRED) if answer.status == 401 else error


def _failed(place: str, error: Any) -> RefusedError:
    data = error.get("data") if isinstance(error, dict) else None
    name = str(data.get("name", "")) if isinstance(data, dict) else ""
    status = _STATUS.get(name, 500)
    hint = _EXPIRED if status == 401 else "See the server's log."
    return RefusedError(f"{place} answered {name or 'an error'}", status=status, hint=hint)
