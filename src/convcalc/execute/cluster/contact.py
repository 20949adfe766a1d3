"""Who answers at the address of a scheduler: asked before anything is handed to it.

Dask itself waits for ever for whoever listens and says nothing, and takes the first bytes of any
other protocol for the size of a message.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

from distributed.core import connect
from distributed.security import Security

from convcalc.errors import ClusterError, DataError, UsageError, printable

if TYPE_CHECKING:
    from convcalc.execute.cluster.options import Certificates

LISTEN_SECONDS = 1
"""How long something else than a scheduler may take to say what it is, once that is known."""

KNOCK = b"GET /\n\n"
"""Makes most servers say something. A scheduler reads 8 bytes first: these are fewer."""

LARGEST_GREETING = 1 << 20
"""Bytes; a scheduler's begins with its own size, which is of some hundreds."""

PATIENCE = 2
"""Seconds after which it is looked at what else may be there."""

TLS_ALERT = b"\x15\x03"
PLAIN = "it does not speak TLS; write tcp:// for a scheduler without"
ADVICE = "dask scheduler prints its address when it starts"


class Fault(NamedTuple):
    """What is wrong with who answers, and whether waiting is in vain."""

    text: str
    final: bool


class Address(NamedTuple):
    """Where a scheduler is said to be.

    Attributes:
        text: The address, as tcp://10.0.0.1:8786.
        seconds: How long it may take to answer.
        security: Of a connection by TLS, or None.
    """

    text: str
    seconds: int
    security: Security | None

    @property
    def place(self) -> tuple[str, int]:
        """The host and the port."""
        host, _, port = self.text.partition("://")[2].rpartition(":")
        return host.strip("[]"), int(port)


def security_of(address: str, files: Certificates) -> Security | None:
    """What a connection to an address by TLS needs, from files or from Dask's own configuration.

    Raises:
        UsageError: certificates are missing.
        DataError: a file is no certificate, or no key that fits it.
    """
    if not address.startswith("tls://"):
        return None
    given = {
        name: value
        for name, value in (
            ("tls_ca_file", files.ca),
            ("tls_client_cert", files.cert),
            ("tls_client_key", files.key or files.cert),
        )
        if value is not None
    }
    security = Security(require_encryption=True, **given)
    if not (security.tls_ca_file and security.tls_client_cert):
        raise UsageError(
            "--scheduler: tls:// needs certificates; give --tls-ca CA.pem and --tls-cert CERT.pem, "
            "or distributed.comm.tls in Dask's configuration"
        )
    _check_files(security)
    return security


def _check_files(security: Security) -> None:
    """Loads the files as Dask will; a key with a password would make it ask for that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ca, cert = security.tls_ca_file, security.tls_client_cert
    key = security.tls_client_key or cert
    if any("\n" in text for text in (ca, cert, key)):
        return  # the text itself, from Dask's configuration
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError:
        raise DataError(f"'{printable(ca)}' holds no certificate in PEM form") from None
    except OSError as error:
        raise DataError(f"cannot read '{printable(ca)}': {error.strerror}") from None

    def refuse() -> str:
        raise DataError(f"the key in '{printable(key)}' has a password; give one without")

    try:
        context.load_cert_chain(cert, key, refuse)
    except ssl.SSLError as error:
        fault = "do not belong together" if "MISMATCH" in str(error) else "are not in PEM form"
        raise DataError(
            f"the certificate in '{printable(cert)}' and the key in '{printable(key)}' {fault}"
        ) from None
    except OSError as error:
        both = printable(cert) if cert == key else f"{printable(cert)}' or '{printable(key)}"
        raise DataError(f"cannot read '{both}': {error.strerror}") from None


def check_contact(address: Address) -> None:
    """Whether a scheduler answers.

    Raises:
        ClusterError: something else does, or nothing; the message names the address and what.
    """
    first = min(PATIENCE, address.seconds)
    found, fault = _asked(address, first)
    if fault is not None and not fault.final and address.seconds > first:
        found, fault = _asked(address, address.seconds - first)
    if fault is not None:
        raise ClusterError(
            f"--scheduler: no scheduler answers at {printable(address.text)}: {fault.text}"
        )
    kind = found.get("type") if isinstance(found, dict) else None
    if kind != "Scheduler":
        raise ClusterError(
            f"--scheduler: at {address.text} is a {printable(str(kind), 40)} of Dask, no "
            f"scheduler; {ADVICE}"
        )


def _asked(address: Address, seconds: int) -> tuple[object, Fault | None]:
    """What a server of Dask says it is, or what is there in its place."""
    try:
        return asyncio.run(_identity(address, seconds)), None
    except Exception as error:  # any protocol in place of Dask's ends in an error of its own
        return None, _fault(address, error)


async def _identity(address: Address, seconds: int) -> object:
    security = address.security or Security()
    async with asyncio.timeout(seconds):
        comm = await connect(
            address.text, timeout=seconds, **security.get_connection_args("client")
        )
        try:
            await comm.write({"op": "identity", "reply": True})
            return await comm.read()
        finally:
            comm.abort()


def _fault(address: Address, error: Exception) -> Fault:
    """What is there in place of a scheduler, from how asking it failed."""
    of_tls = _tls_fault(error)
    if of_tls is not None:
        return Fault(of_tls, final=True)
    if isinstance(error, RuntimeError):  # Dask's own rules, as that connections must be secret
        return Fault(printable(str(error), 160), final=True)
    try:
        return _heard(_first_words(address), address)
    except TimeoutError:
        waited = f"something listens there and says nothing (waited {address.seconds} s)"
        return Fault(waited, final=False)
    except UnicodeError:
        return Fault("there is no such host", final=True)
    except OSError as refused:
        tried = f"{refused.strerror} (tried for {address.seconds} s)"
        return Fault(f"{tried}; 'local' starts workers on this machine", final=False)


def _tls_fault(error: BaseException | None) -> str | None:
    """What is wrong with the secret part of a connection, if that is what failed."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not one that --tls-ca vouches for ({error.verify_message})"
        if isinstance(error, ssl.SSLError):
            if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
                return PLAIN
            return f"TLS fails ({printable(str(error.reason or error), 80)})"
        error = error.__cause__ or error.__context__
    return None


def _first_words(address: Address) -> bytes:
    """What a server says that is no scheduler, b"" if it hangs up.

    Raises:
        TimeoutError: it says nothing.
        OSError: there is none.
    """
    with socket.create_connection(address.place, LISTEN_SECONDS) as plain:
        try:
            plain.sendall(KNOCK)
            plain.shutdown(socket.SHUT_WR)
            return plain.recv(64)
        except TimeoutError:
            raise
        except OSError:  # it hung up
            return b""


def _speaks_tls(address: Address) -> bool:
    """Whether a server that hung up greets whoever begins with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing but a greeting is passed
    try:
        with (
            socket.create_connection(address.place, LISTEN_SECONDS) as plain,
            context.wrap_socket(plain),
        ):
            return True
    except OSError:
        return False


def _heard(said: bytes, address: Address) -> Fault:
    """What the first bytes of a server mean."""
    if len(said) >= 8 and int.from_bytes(said[:8], "little") < LARGEST_GREETING:
        if address.security:
            return Fault(PLAIN, final=True)
        return Fault(f"it is too slow (waited {address.seconds} s)", final=False)
    if not address.security and (said.startswith(TLS_ALERT) or (not said and _speaks_tls(address))):
        return Fault("a TLS server is there; write tls:// for it", final=True)
    if said.startswith(b"HTTP/") or said.lower().lstrip().startswith((b"<!doctype", b"<html")):
        return Fault(f"an HTTP server is there; {ADVICE}", final=True)
    if not said:
        why = ", as who does not know --tls-cert does" if address.security else ""
        return Fault(f"something is there and hangs up{why}", final=True)
    first = said.split(b"\n")[0].decode("ascii", "backslashreplace").strip()
    return Fault(f"something is there and says '{printable(first, 60)}'", final=True)
