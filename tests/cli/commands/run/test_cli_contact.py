"""`run --scheduler` at an address where no scheduler is, or one that speaks TLS."""

from __future__ import annotations

import gc
import http.server
import os
import shutil
import socket
import subprocess
import threading
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from cli_support import listing, strict
from clusters import cluster_here

distributed = pytest.importorskip("distributed")
pytest.importorskip("zarr")
contact = pytest.importorskip("convcalc.execute.cluster.contact")

RUN = ("run", "x.npy", "--kernel", "k.npy", "--backend", "numpy", "-q", "-o", "y.npy")


@pytest.fixture(autouse=True)
def arrays(folder, monkeypatch):
    np.save("x.npy", np.array([1, 2, 3, 4, 5]))
    np.save("k.npy", np.array([1, 2, 3]))
    (folder / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    # Dask does not close what it gave up to connect; a process of its own would end by now. It is
    # collected here, where nobody complains of it, and nowhere else.
    gc.disable()
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    gc.enable()


@pytest.fixture
def quick(monkeypatch):
    """A second in which no scheduler answers is a twentieth; what is said of it stays."""
    real = contact._identity
    monkeypatch.setattr(contact, "_identity", lambda address, count: real(address, count / 20))


@contextmanager
def listening(answer):
    """A port of this machine; `answer` is called with every connection, which is kept open."""
    held = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            held.append(connection)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for connection in held:
                connection.close()


def refused(inside, address, *more):
    """The one line that the command ends with, without the address, and nothing else left."""
    before = listing()
    done = inside(*RUN, "--scheduler", address, *more)
    assert (4, "") == (done.code, done.out), done.err
    assert before == listing()
    beginning = f"convcalc: error: --scheduler: no scheduler answers at {address}: "
    assert done.err.startswith(beginning), done.err
    assert 1 == len(done.err.splitlines())
    return done.err.removeprefix(beginning).rstrip("\n")


def silent(connection):
    """Says nothing at all."""


def hanging_up(connection):
    connection.close()


def of_another_kind(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\x1b[31m\r\n")


def a_greeting_and_no_more(connection):
    """Eight bytes that say that 100 will come."""
    connection.sendall((100).to_bytes(8, "little"))


def a_greeting_of_exbibytes(connection):
    connection.sendall(b"\xff" * 7 + b"\x3f")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (silent, "something listens there and says nothing (waited 1 s)"),
        (hanging_up, "something is there and hangs up"),
        (of_another_kind, r"something is there and says 'SSH-2.0-OpenSSH_9.6\x1b[31m'"),
        (a_greeting_and_no_more, "it is too slow (waited 1 s)"),
        (a_greeting_of_exbibytes, "something is there and says '"),
    ],
)
def test_who_is_no_scheduler_is_named(inside, monkeypatch, answer, said):
    if answer is silent:
        monkeypatch.setattr(contact, "LISTEN_SECONDS", 0.05)
    with listening(answer) as port:
        told = refused(inside, f"tcp://127.0.0.1:{port}", "--scheduler-timeout", "1")
    assert told.startswith(said)


def test_a_process_ends_with_one_line_too(convcalc):
    before = listing()
    with listening(silent) as port:
        words = ("--scheduler", f"tcp://127.0.0.1:{port}", "--scheduler-timeout", "1")
        done = convcalc(*RUN, *words)
    assert (4, "") == (done.code, done.out)
    assert 1 == len(done.err.splitlines())
    assert done.err.endswith("something listens there and says nothing (waited 1 s)\n")
    assert before == listing()


class Page(http.server.BaseHTTPRequestHandler):
    """A server of pages that answers every request with the same."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("patience", [("--scheduler-timeout", "1"), ()])
def test_an_http_server_is_named_soon(inside, monkeypatch, patience):
    monkeypatch.setattr("convcalc.execute.cluster.contact.PATIENCE", 1)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        told = refused(inside, f"tcp://127.0.0.1:{server.server_port}", *patience)
    finally:
        server.shutdown()
        server.server_close()
    assert told == "an HTTP server is there; dask scheduler prints its address when it starts"


def test_a_slow_scheduler_is_waited_for(monkeypatch):
    # The first question is not answered, the second is.
    monkeypatch.setattr(contact, "LISTEN_SECONDS", 0.05)
    asked = []

    async def identity(address, seconds):
        asked.append(seconds)
        if len(asked) == 1:
            raise TimeoutError
        return {"type": "Scheduler"}

    monkeypatch.setattr(contact, "_identity", identity)
    with listening(silent) as port:
        contact.check_contact(contact.Address(f"tcp://127.0.0.1:{port}", 20, None))
    assert [2, 18] == asked


@pytest.mark.usefixtures("quick")
def test_a_port_that_nobody_listens_at_is_named(inside):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    told = refused(inside, f"tcp://127.0.0.1:{port}", "--scheduler-timeout", "1")
    assert told == "Connection refused (tried for 1 s); 'local' starts workers on this machine"


def test_a_host_that_is_none_is_named(inside):
    assert refused(inside, "tcp://a..b:80", "--scheduler-timeout", "1") == "there is no such host"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--scheduler-timeout", "3"), 2, "--scheduler-timeout goes with --scheduler"),
        (("--tls-ca", "ca.pem"), 2, "--tls-ca goes with --scheduler"),
        (("--scheduler", "local", "--tls-key", "k"), 2, "--tls-key goes with the address of a"),
        (("--scheduler", "local", "--scheduler-timeout", "3"), 2, "goes with the address of a"),
        (("--scheduler", "tcp://a:1", "--tls-cert", "c"), 2, "as tls://10.0.0.1:8786"),
        (("--scheduler", "tcp://a:1", "--scheduler-timeout", "0"), 2, "must be at least 1"),
        (("--scheduler", "tcp://a:1", "--scheduler-timeout", "soon"), 2, "--scheduler-timeout"),
        (("--scheduler", "tcp://a:65536"), 2, "expected local, or an address"),
        (("--scheduler", "tcp://a:0"), 2, "expected local, or an address"),
        (("--scheduler", "tls://a:1"), 2, "tls:// needs certificates; give --tls-ca CA.pem and"),
        (("--scheduler", "tls://a:1", "--tls-ca", "x.npy"), 2, "tls:// needs certificates"),
    ],
)
def test_what_goes_with_an_address(inside, options, code, said):
    before = listing()
    done = inside(*RUN, *options)
    assert (code, "") == (done.code, done.out), done.err
    assert said in done.err
    assert before == listing()


# TLS.


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate that vouches for itself, its key, the key with a password, and another pair."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make certificates")
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("own", "other"):
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        words = f"{make} -subj /CN=convcalc-{name} -keyout {name}.key -out {name}.pem"
        subprocess.run(words.split(), cwd=folder, check=True, capture_output=True)
    lock = "openssl ec -aes128 -passout pass:secret -in own.key -out locked.key"
    subprocess.run(lock.split(), cwd=folder, check=True, capture_output=True)
    (folder / "both.pem").write_bytes(
        (folder / "own.pem").read_bytes() + (folder / "own.key").read_bytes()
    )
    return folder


def security(folder, name="own"):
    files = {f"tls_{who}_cert": f"{folder}/{name}.pem" for who in ("client", "scheduler", "worker")}
    files |= {f"tls_{who}_key": f"{folder}/{name}.key" for who in ("client", "scheduler", "worker")}
    return distributed.Security(
        tls_ca_file=f"{folder}/{name}.pem", require_encryption=True, **files
    )


@pytest.fixture(scope="module")
def secret(certificates, tmp_path_factory):
    """The address of a scheduler that speaks TLS, in this process."""
    folder = tmp_path_factory.mktemp("secret")
    with cluster_here(folder, "tls://", security=security(certificates)) as running:
        yield running.scheduler_address


def files(folder, ca="own.pem", cert="own.pem", key="own.key"):
    """The options for three files."""
    words = ("--tls-ca", f"{folder}/{ca}", "--tls-cert", f"{folder}/{cert}")
    return words if key is None else (*words, "--tls-key", f"{folder}/{key}")


@pytest.mark.parametrize("names", [{}, {"cert": "both.pem", "key": None}])
def test_a_scheduler_that_speaks_tls_computes(inside, secret, certificates, names):
    words = ("--scheduler", secret, *files(certificates, **names), "--format", "json")
    done = inside(*RUN, *words)
    assert 0 == done.code, done.err
    assert [14, 20, 26] == strict(done.out)["output"]["values"]


def test_the_files_may_be_those_of_dask(inside, secret, certificates):
    import dask

    own = {"ca-file": f"{certificates}/own.pem", "client": {}}
    own["client"] = {"cert": f"{certificates}/own.pem", "key": f"{certificates}/own.key"}
    with dask.config.set(
        {"distributed.comm.tls": {**dask.config.get("distributed.comm.tls"), **own}}
    ):
        assert 0 == inside(*RUN, "--scheduler", secret).code


@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        ({"ca": "none.pem"}, 3, "none.pem': No such file or directory"),
        ({"ca": "own.key"}, 3, "own.key' holds no certificate in PEM form"),
        ({"cert": "none.pem"}, 3, "none.pem' or '"),
        ({"cert": "own.pem", "key": None}, 3, "are not in PEM form"),
        ({"key": "other.key"}, 3, "do not belong together"),
        ({"key": "locked.key"}, 3, "locked.key' has a password; give one without"),
    ],
)
def test_a_file_that_is_no_certificate_is_named(inside, certificates, names, code, said):
    before = listing()
    words = ("--scheduler", "tls://127.0.0.1:9", *files(certificates, **names))
    done = inside(*RUN, *words)
    assert (code, "") == (done.code, done.out)
    assert said in done.err
    assert 1 == len(done.err.splitlines())
    assert before == listing()


def test_a_certificate_that_nobody_vouches_for_is_refused(inside, secret, certificates):
    words = files(certificates, ca="other.pem")
    told = refused(inside, secret, *words, "--scheduler-timeout", "2")
    assert told.startswith("its certificate is not one that --tls-ca vouches for (self-signed")


def test_a_certificate_that_the_scheduler_does_not_know_is_refused(inside, secret, certificates):
    words = files(certificates, cert="other.pem", key="other.key")
    told = refused(inside, secret, *words, "--scheduler-timeout", "2")
    assert told.startswith("TLS fails (") or told.endswith("as who does not know --tls-cert does")


def test_a_secret_scheduler_at_a_plain_address_is_named(inside, secret):
    told = refused(inside, secret.replace("tls", "tcp"), "--scheduler-timeout", "1")
    assert "a TLS server is there; write tls:// for it" == told


def test_a_plain_scheduler_at_a_secret_address_is_named(inside, folder, certificates):
    with cluster_here(folder / "tmp") as running:
        address = running.scheduler_address.replace("tcp", "tls")
        done = inside(
            *RUN, "--scheduler", address, *files(certificates), "--scheduler-timeout", "2"
        )
        assert 4 == done.code
        assert "it does not speak TLS; write tcp:// for a scheduler without" in done.err
        worker = next(iter(running.scheduler_info["workers"]))
        if worker.startswith("tcp"):
            done = inside(*RUN, "--scheduler", worker)
            assert f"at {worker} is a Worker of Dask, no scheduler" in done.err
    assert "y.npy" not in os.listdir()
