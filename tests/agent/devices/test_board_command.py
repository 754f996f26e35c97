"""`keskidee device https://HOST`: who is trusted, what opens it, and what is typed wrong."""

import datetime
import io
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from keskidee.cli import main
from tests.agent.devices.boards import PASSWORD, SESSIONS, USER, FakeBoard, recorded, served
from tests.agent.devices.test_boards import FOLDER
from tests.agent.listening import Certified, certified

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("board"), "127.0.0.1")


@pytest.fixture
def board(tls: Certified) -> Iterator[FakeBoard]:
    with served(recorded(FOLDER / "dell_idrac9"), tls) as board:
        yield board


@pytest.fixture
def password(tmp_path: Path) -> str:
    (tmp_path / "password").write_text(f"{PASSWORD}\nnot this line\n")
    return str(tmp_path / "password")


def seen(said: str) -> str:
    """The fingerprint in a message."""
    return said.partition("fingerprint is ")[2][:64]


def test_a_board_that_nobody_vouches_for_is_refused_with_its_fingerprint_which_then_opens_it(
    board: FakeBoard, password: str, capsys: Said
) -> None:
    who = ["device", board.url, "--user", USER, "--password-file", password]
    assert main(who) == 1
    refused = capsys.readouterr()
    assert (refused.out, board.asked) == ("", [])
    assert "is not to be trusted" in refused.err
    written = ":".join(seen(refused.err)[at : at + 2] for at in range(0, 64, 2)).upper()

    assert main([*who, "--fingerprint", written]) == 0
    told = capsys.readouterr()
    assert (json.loads(told.out)["device"]["serial"], told.err) == ("7KQX2Z3", "")
    assert board.asked[1] == f"POST {SESSIONS}"
    assert (board.asked[-1].split("-")[0], board.tokens) == (f"DELETE {SESSIONS}/token", set())


def test_another_certificate_than_the_pinned_one_is_refused_before_anything_is_said(
    board: FakeBoard, password: str, capsys: Said
) -> None:
    pinned = ["--user", USER, "--password-file", password, "--fingerprint", "00" * 32]
    assert main(["device", board.url, *pinned]) == 1
    assert "has another fingerprint than the one that is pinned" in capsys.readouterr().err
    assert board.asked == []


def old(folder: Path) -> Certified:
    """A board ten years old: 1024 bits, and no cipher with forward secrecy."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "BMC")])
    day, today = datetime.timedelta(days=1), datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(today - 2 * day).not_valid_after(today - day)  # it has ended
    made = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    (folder / "old.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES256-GCM-SHA384:@SECLEVEL=0")
    context.load_cert_chain(folder / "old.pem")
    return Certified(context, folder / "old.pem", made.fingerprint(hashes.SHA256()).hex())


def test_an_old_board_is_known_by_its_pin_alone(tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESKIDEE_REDFISH_PASSWORD", PASSWORD)
    tls = old(tmp_path)
    with served(recorded(FOLDER / "dell_idrac9"), tls) as board:
        assert main(["device", board.url, "--user", USER]) == 1
        assert seen(capsys.readouterr().err) == tls.fingerprint
        assert main(["device", board.url, "--user", USER, "--fingerprint", tls.fingerprint]) == 0


def test_an_authority_opens_a_board_that_it_signed(
    board: FakeBoard, tls: Certified, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESKIDEE_REDFISH_PASSWORD", PASSWORD)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")  # a board is asked directly
    assert main(["device", board.url, "--user", USER, "--ca-file", str(tls.ca_file), "--format", "prometheus"]) == 0
    assert 'keskidee_device_info{name="srv-07",vendor="Dell"' in capsys.readouterr().out


def test_a_password_from_standard_input_that_is_wrong_is_tried_once(
    board: FakeBoard, tls: Certified, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("guess\n"))
    assert main(["device", board.url, "--user", USER, "--password-file", "-", "--ca-file", str(tls.ca_file)]) == 1
    assert capsys.readouterr() == ("", f"keskidee: {board.url}: takes no such user and password\n")
    assert board.asked == ["GET /redfish/v1/", f"POST {SESSIONS}"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("http://192.0.2.1", "'http://192.0.2.1': plain http goes to this machine only; use https://192.0.2.1"),
        ("https://192.0.2.1/ui", "'https://192.0.2.1/ui': a board is https://HOST[:PORT], without a path"),
        ("https://", "'https://' is no board's address (https://HOST:PORT)"),
        ("https://h --community c", "--community is for SNMP: a server board has --user and --password-file"),
        ("https://h --fingerprint 12", "'12' is no SHA-256 fingerprint: 64 hex digits"),
        ("https://h --ca-file nowhere", "nowhere: it cannot be read: No such file or directory"),
        ("https://h --user u --password-file nowhere", "--password-file: nowhere: No such file or directory"),
        ("192.0.2.1 --ca-file c", "--ca-file is for a server board: https://192.0.2.1"),
    ],
)
def test_a_slip_is_one_line(
    typed: str, said: str, capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["device", *typed.split()]) == 2
    assert capsys.readouterr() == ("", f"keskidee: {said}\n")


def test_a_port_without_a_board_is_one_line(capsys: Said) -> None:
    assert main(["device", "http://127.0.0.1:1"]) == 1
    assert capsys.readouterr() == ("", "keskidee: http://127.0.0.1:1: no answer: Connection refused\n")
