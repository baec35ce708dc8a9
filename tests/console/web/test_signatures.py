"""Senders who sign in their own way: the right signature is let in, and nothing else."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pytest

from console.web.sender import STRANGER, is_signed, proves_body
from substrate.clock import MICROS, MINUTE
from substrate.sources.push import PushOptions
from tests.flows.pushing import NOW

SECRET, BODY = "sécret-of-the-sender", b'{"hello": "w\xc3\xb6rld"}'
TAKEN_APART = "se\u0301cret-of-the-sender"
"""The secret as EasyPost normalises it."""
SHARED = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="


def digest(key: bytes, body: bytes = BODY) -> bytes:
    return hmac.digest(key, body, "sha256")


def stamped(at: int = NOW, body: bytes = BODY) -> str:
    seconds = at // MICROS
    return f"t={seconds},v1={digest(SECRET.encode(), f'{seconds}.'.encode() + body).hex()}"


RIGHT = {
    "aftership": ("aftership-hmac-sha256", base64.b64encode(digest(SECRET.encode())).decode()),
    "frappe": ("x-frappe-webhook-signature", base64.b64encode(digest(SECRET.encode())).decode()),
    "easypost": ("x-hmac-signature", f"hmac-sha256-hex={digest(TAKEN_APART.encode()).hex()}"),
    "shippo": ("shippo-auth-signature", stamped()),
    "dcsa": ("notification-signature", f"sha256={digest(base64.b64decode(SHARED)).hex()}"),
}


def options(form: str, *more: str) -> PushOptions:
    return PushOptions.model_validate({"secret": [*more, SHARED if form == "dcsa" else SECRET], "format": form})


@pytest.mark.parametrize("form", RIGHT)
def test_the_right_signature_is_let_in(form: str) -> None:
    header, value = RIGHT[form]
    assert is_signed({header: value})
    assert proves_body(options(form), {header: value}, BODY, NOW)
    assert proves_body(options(form, "another-secret-before-it"), {header: value}, BODY, NOW)


@pytest.mark.parametrize("form", RIGHT)
@pytest.mark.parametrize("wrong", ["", "v1", "t=1,v1=", "sha256=", "hmac-sha256-hex=", "é", "x" * 5_000])
def test_a_wrong_signature_is_not(form: str, wrong: str) -> None:
    assert not proves_body(options(form), {RIGHT[form][0]: wrong}, BODY, NOW)


@pytest.mark.parametrize("form", RIGHT)
def test_another_body_another_secret_and_a_stranger_are_not(form: str) -> None:
    headers = dict([RIGHT[form]])
    other: Any = PushOptions.model_validate({"secret": "another-secret-of-it", "format": form})
    assert not proves_body(options(form), headers, BODY + b" ", NOW)
    assert not proves_body(other, headers, BODY, NOW)
    assert not proves_body(STRANGER, headers, BODY, NOW)


@pytest.mark.parametrize("form", RIGHT)
def test_one_senders_way_is_no_way_into_another_source(form: str) -> None:
    others = [name for name in (*RIGHT, "epcis", "auto") if name != form]
    assert not any(proves_body(options(other), dict([RIGHT[form]]), BODY, NOW) for other in others)


@pytest.mark.parametrize("late", [-6 * MINUTE, 6 * MINUTE])
def test_a_stamp_that_is_too_old_or_too_new_is_not(late: int) -> None:
    assert not proves_body(options("shippo"), {"shippo-auth-signature": stamped(NOW + late)}, BODY, NOW)
