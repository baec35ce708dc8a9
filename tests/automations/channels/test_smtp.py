"""Mail in particular: encryption, credentials, and what a mail looks like."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from automations.channels.channel import Failure, Refused, Rendered, Retry, Sent
from automations.channels.smtp import Smtp, mail_of, server_of
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError
from tests.automations.channels.mail_server import Receiver, serving

MESSAGE = Rendered(
    "HIGH: late – Ünit", "Text", "<p>Text</p>", {}, "anna", "anna@ward.example", "high", "fired", 1_559_397_900_000_000
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost` with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    no_lock = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_lock)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[tuple[Receiver, int]]:
    """A server that asks for STARTTLS, by its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver = Receiver()
    with serving(receiver, tls_context=context, require_starttls=True) as port:
        yield receiver, port


def test_starttls_encrypts_before_it_logs_in(encrypted: tuple[Receiver, int], certificate: Path) -> None:
    receiver, port = encrypted
    trust = ssl.create_default_context(cafile=str(certificate))
    url = SecretStr(f"smtp+starttls://plumb:pw@localhost:{port}")
    assert isinstance(Smtp(url, "plumbline@ward.example", trust=trust).send(MESSAGE, "key"), Sent)
    assert receiver.logins == [b"pw"]


def test_a_certificate_of_a_stranger_is_not_believed(encrypted: tuple[Receiver, int]) -> None:
    receiver, port = encrypted
    url = SecretStr(f"smtp+starttls://plumb:pw@localhost:{port}")
    outcome = Smtp(url, "plumbline@ward.example").send(MESSAGE, "key")
    assert outcome == Retry(Failure.NETWORK, "the mail server could not be reached (CERTIFICATE_VERIFY_FAILED)")
    assert (receiver.logins, receiver.mails) == ([], [])


def test_starttls_is_never_given_up_for_plain_text() -> None:
    receiver = Receiver()
    with serving(receiver) as port:
        url = SecretStr(f"smtp+starttls://plumb:pw@127.0.0.1:{port}")
        outcome = Smtp(url, "plumbline@ward.example").send(MESSAGE, "key")
    assert isinstance(outcome, Refused)
    assert (receiver.logins, receiver.mails) == ([], [])


def test_a_mail_without_a_login_needs_none() -> None:
    receiver = Receiver()
    with serving(receiver) as port:
        outcome = Smtp(SecretStr(f"smtp://127.0.0.1:{port}"), "plumbline@ward.example").send(MESSAGE, "key")
    assert isinstance(outcome, Sent)
    assert receiver.logins == []


@pytest.mark.parametrize(("trouble", "uncertain"), [("drop", True), ("silence", True), ("sender later", False)])
def test_a_lost_answer_leaves_doubt(trouble: str, uncertain: bool) -> None:
    receiver = Receiver()
    receiver.trouble = trouble
    with serving(receiver) as port:
        patience = 0.3 if trouble == "silence" else 10.0
        channel = Smtp(SecretStr(f"smtp://127.0.0.1:{port}"), "plumbline@ward.example", timeout=patience)
        outcome = channel.send(MESSAGE, "key")
    assert isinstance(outcome, Retry)
    assert outcome.uncertain is uncertain


def test_a_server_that_is_not_there_leaves_no_doubt() -> None:
    with serving(Receiver()) as port:
        pass
    outcome = Smtp(SecretStr(f"smtp://127.0.0.1:{port}"), "plumbline@ward.example").send(MESSAGE, "key")
    assert outcome == Retry(Failure.NETWORK, "the mail server could not be reached (ConnectionRefusedError)")


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example", "smtps://", "mail.example:25", "smtps://user-pa55@mail.example",
        "smtp://user:pa55@mail.example", "smtps://user:pa55@mail.example:port",
    ],
)  # fmt: skip
def test_a_wrong_address_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        server_of(SecretStr(url))
    assert "PLUMBLINE_SMTP_URL" in caught.value.message
    assert "pa55" not in str(caught.value)


def test_user_and_password_may_hold_any_sign() -> None:
    server = server_of(SecretStr("smtps://a%40b:p%3A%2F@mail.example"))
    assert server.password is not None
    assert (server.user, server.password.get_secret_value(), server.port) == ("a@b", "p:/", 465)


def test_a_mail_holds_text_and_html_and_says_that_a_machine_wrote_it() -> None:
    mail = mail_of(MESSAGE, "key", "Plumbline <plumbline@ward.example>")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("HIGH: late – Ünit", "auto-generated")
    assert mail["Message-ID"].endswith("@ward.example>")


def test_a_subject_cannot_add_headers() -> None:
    mail = mail_of(replace(MESSAGE, subject="late\r\nBcc: all@ward.example"), "key", "plumbline@ward.example")
    assert mail["Bcc"] is None


def test_the_clearance_is_the_deployers_to_set() -> None:
    assert Smtp(SecretStr("smtps://m"), "a@b").clearance is Sensitivity.INTERNAL
    assert Smtp(SecretStr("smtps://m"), "a@b", Sensitivity.PII).clearance is Sensitivity.PII
