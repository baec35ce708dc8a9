"""Mail: one message a delivery, plain text and HTML, over the server that the settings name."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from automations.channels.channel import Channel, Failure, Refused, Rendered, Retry, Sent
from substrate.clock import from_micros
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import ConfigurationError
from substrate.loopback import is_loopback
from substrate.settings import Settings

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_HINT = "Write it as smtp+starttls://user:password@mail.example:587 or smtps://user:password@mail.example:465."
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_NO_LOGIN = frozenset({530, 534, 535, 538})
"""What a server answers to whoever is not logged in, or not well enough."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and how to enter it."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: SecretStr | None = field(default=None, repr=False)


class Smtp:
    """Sends mails. Mail knows no idempotency: a connection that drops at the end leaves in doubt whether it arrived.

    Args:
        url: `smtp://`, `smtp+starttls://` or `smtps://`, with user and password where the server asks for them.
        sender: the From address.
        clearance: what may be told in a mail; mail is read by many, so names are masked unless a deployer says else.
        timeout: seconds that each step may take.
        trust: which certificates count; None: those of the machine.

    Raises:
        ConfigurationError: the address is none, or would send a password in the clear.
    """

    name = "smtp"
    idempotent = False
    shared = True

    def __init__(
        self,
        url: SecretStr,
        sender: str,
        clearance: Sensitivity = Sensitivity.INTERNAL,
        *,
        timeout: float = 15.0,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.clearance = clearance
        self._server = server_of(url)
        self._sender = sender
        self._timeout = timeout
        self._trust = trust or ssl.create_default_context()

    def send(self, message: Rendered, key: str) -> Sent | Retry | Refused:
        """Send one mail to the message's address."""
        if not _ADDRESS.fullmatch(message.address or ""):
            return Refused(Failure.ADDRESS, "the recipient has no mail address that can be written to")
        return self._deliver(mail_of(message, key, self._sender))

    def _deliver(self, mail: EmailMessage) -> Sent | Retry | Refused:
        begun = False
        try:
            with self._connected() as client:
                begun = True
                client.send_message(mail)
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                return self._late(uncertain=begun)
            return Retry(Failure.NETWORK, "the mail server closed the connection", uncertain=begun)
        except smtplib.SMTPException as error:
            return outcome_of(error)
        except TimeoutError:
            return self._late(uncertain=begun)
        except OSError as error:
            word = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
            return Retry(Failure.NETWORK, f"the mail server could not be reached ({word})", uncertain=begun)
        return Sent(mail["Message-ID"])

    def _late(self, *, uncertain: bool) -> Retry:
        return Retry(Failure.TIMEOUT, f"the mail server did not answer within {self._timeout:g} s", uncertain=uncertain)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        if server.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout, context=self._trust
            )
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            if server.scheme == "smtp+starttls":
                client.starttls(context=self._trust)
            if server.user is not None and server.password is not None:
                client.login(server.user, server.password.get_secret_value())
            yield client
            _say_goodbye(client)
        finally:
            client.close()


def opened(settings: Settings, _database: Database) -> Channel | None:
    """Mail, where the settings name a server."""
    if settings.smtp_url is None:
        return None
    return Smtp(settings.smtp_url, settings.smtp_sender, Sensitivity[settings.smtp_clearance.upper()])


def server_of(url: SecretStr) -> Server:
    """Take a mail server's address apart.

    Raises:
        ConfigurationError: it is none, or would send a password in the clear; the message never holds the address.
    """
    try:
        parts = urlsplit(url.get_secret_value())
        port = parts.port
    except ValueError:
        raise ConfigurationError("PLUMBLINE_SMTP_URL is not an address", hint=_HINT) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigurationError("PLUMBLINE_SMTP_URL names no mail server", hint=_HINT)
    if (parts.username is None) != (parts.password is None):
        raise ConfigurationError("PLUMBLINE_SMTP_URL has a user or a password, not both", hint=_HINT)
    if parts.password is not None and parts.scheme == "smtp" and not is_loopback(parts.hostname):
        raise ConfigurationError("PLUMBLINE_SMTP_URL would send its password unencrypted", hint=_HINT)
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else SecretStr(unquote(parts.password))
    return Server(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], user, password)


def mail_of(message: Rendered, key: str, sender: str) -> EmailMessage:
    """The message as a mail; its Message-ID follows from the key, so that a mail box can tell a repetition."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = format_datetime(from_micros(message.created_at))
    domain = sender.rpartition("@")[2].strip("> ") or "localhost"
    mail["Message-ID"] = f"<{blake2b(key.encode(), digest_size=16).hexdigest()}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Plumbline-Severity"] = message.severity
    mail["X-Plumbline-Reason"] = message.reason
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    return mail


def outcome_of(error: smtplib.SMTPException) -> Retry | Refused:
    """What a failure of the mail server means; its words are left out, for they may name people."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _classed(code, words, "the recipient's address", Failure.ADDRESS)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _classed(error.smtp_code, error.smtp_error, "user and password", Failure.AUTH)
    if isinstance(error, smtplib.SMTPResponseException):
        return _classed(error.smtp_code, error.smtp_error, "the mail", Failure.CLIENT)
    return Refused(Failure.CLIENT, f"the mail server cannot do what this mail needs ({type(error).__name__})")


def _classed(code: int, words: bytes | str, what: str, lasting: Failure) -> Retry | Refused:
    raw = words if isinstance(words, bytes) else words.encode()
    found = _ENHANCED.match(raw)
    said = f"{code} {found[1].decode()}" if found else str(code)
    why = f"the mail server answered {said} to {what}"
    if code in _NO_LOGIN:
        return Refused(Failure.AUTH, why)
    if 500 <= code < 600:
        return Refused(lasting, why)
    if lasting is Failure.AUTH:
        return Retry(Failure.AUTH, why)
    return Retry(Failure.RATE_LIMITED if code in (421, 450, 452) and _is_limit(raw) else Failure.SERVER, why)


def _is_limit(words: bytes) -> bool:
    return b"4.7." in words or b"rate" in words.lower() or b"too many" in words.lower()


def _say_goodbye(client: smtplib.SMTP) -> None:
    """The mail is taken by now; a server that stumbles over QUIT does not undo that."""
    try:
        client.quit()
    except (smtplib.SMTPException, OSError):
        return
