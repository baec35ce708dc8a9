"""Who is asking: every way of saying so, and no secret where it could be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr, ValidationError

from substrate.errors import ConfigurationError
from substrate.sources.fhir_auth import (
    Authorizer,
    BackendServices,
    BasicAuth,
    BearerAuth,
    ClientCredentials,
    FhirAuth,
    NoAuth,
)
from substrate.sources.web import Answer, BadAnswerError, Call, RefusedError

NOW = 1_700_000_000_000_000
URL = "https://auth.example.org/token"
TOKEN = b'{"access_token": "t1", "expires_in": 300}'


def authorizer(auth: FhirAuth, body: bytes = TOKEN, status: int = 200) -> tuple[Authorizer, list[Call]]:
    """An authorizer whose token server always gives this answer, and the calls that it got."""
    calls: list[Call] = []

    def send(call: Call) -> Answer:
        calls.append(call)
        return Answer(status, {}, body, call.url)

    return Authorizer(auth, send, lambda: NOW), calls


def pem(key: Any) -> SecretStr:
    return SecretStr(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def client() -> ClientCredentials:
    return ClientCredentials(token_url=URL, client_id="c", client_secret=SecretStr("s3cret"))


def test_simple_headers() -> None:
    assert authorizer(NoAuth())[0].header() == {}
    assert authorizer(BasicAuth(user="u", password=SecretStr("p")))[0].header() == {"authorization": "Basic dTpw"}
    assert authorizer(BearerAuth(token=SecretStr("t")))[0].header() == {"authorization": "Bearer t"}


def test_token_is_fetched_once_and_kept() -> None:
    made, calls = authorizer(client())
    assert [made.header(), made.header()] == [{"authorization": "Bearer t1"}] * 2
    assert len(calls) == 1
    assert calls[0].form == {"grant_type": "client_credentials", "scope": "system/*.rs"}


def test_renewing_fetches_again() -> None:
    made, calls = authorizer(client())
    made.header()
    made.renew()
    made.header()
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS384", rsa.generate_private_key(65537, 2048)), ("ES384", ec.generate_private_key(ec.SECP384R1()))],
)
def test_smart_assertion_is_signed_for_the_token_url(algorithm: Literal["RS384", "ES384"], key: Any) -> None:
    auth = BackendServices(token_url=URL, client_id="c", private_key=pem(key), key_id="k", algorithm=algorithm)
    made, calls = authorizer(auth)
    made.header()
    assertion = (calls[0].form or {})["client_assertion"]
    claims = jwt.decode(
        assertion, key.public_key(), [algorithm], audience=URL, options={"verify_exp": False, "verify_iat": False}
    )
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == ("c", "c", 240)
    assert jwt.get_unverified_header(assertion)["kid"] == "k"


def test_key_of_the_wrong_kind_is_named_without_being_shown() -> None:
    key = pem(ec.generate_private_key(ec.SECP384R1()))
    made, _ = authorizer(BackendServices(token_url=URL, client_id="c", private_key=key))
    with pytest.raises(ConfigurationError, match="is no RS384 key") as caught:
        made.header()
    assert caught.value.__cause__ is None


def test_missing_key_file_is_named(tmp_path: Path) -> None:
    made, _ = authorizer(BackendServices(token_url=URL, client_id="c", private_key_file=tmp_path / "no.pem"))
    with pytest.raises(ConfigurationError, match=r"no\.pem cannot be read"):
        made.header()


def test_exactly_one_key_must_be_given() -> None:
    with pytest.raises(ValidationError, match="either private_key or private_key_file"):
        BackendServices(token_url=URL, client_id="c")


def test_refusal_gives_the_standard_word_and_not_the_body() -> None:
    made, _ = authorizer(client(), b'{"error": "invalid_client", "error_description": "s3cret"}', 400)
    with pytest.raises(RefusedError, match="status 400, invalid_client") as caught:
        made.header()
    assert "s3cret" not in str(caught.value)


def test_answer_without_a_token_is_bad() -> None:
    with pytest.raises(BadAnswerError, match="without an access_token"):
        authorizer(client(), b"{}")[0].header()


def test_no_secret_in_any_repr() -> None:
    made, calls = authorizer(client())
    made.header()
    assert "s3cret" not in repr([client(), calls, made])
