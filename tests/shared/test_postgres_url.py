"""The database's address is read in the spellings that people have, or refused in words without the password."""

import ssl
from pathlib import Path

import pytest

from shared.process.postgres_tls import tls_of
from shared.process.postgres_url import Host, PostgresUrl
from shared.process.settings import ServiceSettings, SettingsError, load_settings

PASSWORDS = {
    "postgresql://u:p%40ss%2Fw0rd%23%3F@host/db": "p@ss/w0rd#?",
    "postgresql://u:p@ss/w0rd#?@host/db": "p@ss/w0rd#?",
    "postgresql://u:p@ss@host/db": "p@ss",
    "postgresql://u:12/3@host/db": "12/3",
    "postgresql://u:a:b@host/db": "a:b",
    "postgresql://u:100%@host/db": "100%",
    "postgresql://u:a b@host/db": "a b",
    "postgresql://u:p%C3%BC@host/db": "pü",
    "postgresql://u:pü@host/db?sslmode=require": "pü",
    "postgresql://u:[x]&y=z@host/db": "[x]&y=z",
}
HOSTS = {
    "postgres://u:p@host/db": [Host("host", 5432)],
    "postgresql+asyncpg://u:p@127.0.0.1:6432/db": [Host("127.0.0.1", 6432)],
    "postgresql+psycopg://u:p@host/db": [Host("host", 5432)],
    "postgresql://u:p@h1:5432,h2:5433,h3/db": [Host("h1", 5432), Host("h2", 5433), Host("h3", 5432)],
    "postgresql://u:p@[::1]:5433/db": [Host("::1", 5433)],
    "postgresql://u:p@[::1],[fe80::2]:6/db": [Host("::1", 5432), Host("fe80::2", 6)],
    "postgresql:///db?host=/run/postgresql": [Host("/run/postgresql", 5432)],
    "postgresql://u:p@/db?host=/run/postgresql&port=5433": [Host("/run/postgresql", 5433)],
    "postgresql://u@%2Frun%2Fpostgresql/db": [Host("/run/postgresql", 5432)],
    "postgresql:///db?host=h1,h2&port=1,2": [Host("h1", 1), Host("h2", 2)],
    "postgresql://my_db.internal/db": [Host("my_db.internal", 5432)],
}
REFUSED = {
    "mysql://u:secret@h/db": "must begin with postgresql://",
    "u:secret@h/db": "must begin with postgresql://",
    "": "must begin with postgresql://",
    "postgresql://u:secret@h": "does not name the database",
    "postgresql://u:secret@/db": "does not name the host",
    "postgresql://u:secret@[::1:5432/db": "percent-encode",
    "postgresql://u:secret@h/a/b": "percent-encode",
    "postgresql://u:secret/@#host": "percent-encode",
    "postgresql://u:secret@[1:2]/db": "no IPv6 address",
    "postgresql://u:secret@h:0/db": "a port has to be a number from 1 to 65535",
    "postgresql://u:secret@h:70000/db": "a port has to be a number from 1 to 65535",
    "postgresql://u:secret@h/db?host=x&host=y": "host is given twice",
    "postgresql:///db?host=a,b&port=1,2,3": "port has to be one",
    "postgresql://u:secret@h/db?sslmod=require": "sslmod is not known here; known are application_name",
    "postgresql://u:secret@h/db?sslmode=on": "sslmode has to be one of disable, allow",
    "postgresql://u:secret@h/db?connect_timeout=soon": "connect_timeout has to be a number from 1 to 600",
    "postgresql://u:secret@h/db?target_session_attrs=standby": "target_session_attrs has to be one of any, primary, read-write",
    "postgresql://u:secret@h/db?sslrootcert=/ca.pem": "sslrootcert needs sslmode=verify-full",
    "postgresql://u:secret@h/db?sslmode=require&sslkey=/k.pem": "sslkey needs sslcert",
    "postgresql://u:secret@h/db?sslmode=verify-ca&sslrootcert=/no/ca.pem": "sslrootcert=/no/ca.pem cannot be used",
    "postgresql://u:secret@h1/db?application_name=a@h2/db": "cannot be told where the password ends",
    "postgresql://u:secret%ff@h/db": "percent-encoded, but not as UTF-8",
}


@pytest.mark.parametrize(("text", "password"), PASSWORDS.items())
def test_f45_a_password_is_read_raw_or_encoded(text: str, password: str) -> None:
    """Special characters may stand as they are, as long as the whole has one reading."""
    url = PostgresUrl.read(text)
    assert (url.user, url.password, url.hosts, url.database) == ("u", password, (Host("host", 5432),), "db")


@pytest.mark.parametrize(("text", "hosts"), HOSTS.items())
def test_f45_hosts_are_read(text: str, hosts: list[Host]) -> None:
    """Names, addresses, several of them, and Unix sockets; the port is 5432 unless given."""
    url = PostgresUrl.read(text)
    assert (url.hosts, url.database) == (tuple(hosts), "db")


@pytest.mark.parametrize(("text", "said"), REFUSED.items())
def test_f45_what_cannot_be_read_is_refused_at_start(text: str, said: str) -> None:
    """The settings say what is wrong, and nothing of the password."""
    with pytest.raises(SettingsError, match=said) as refused:
        load_settings(ServiceSettings, {"RINGRIFT_DATABASE_URL": text})
    assert "RINGRIFT_DATABASE_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_f45_parameters_are_read() -> None:
    """Those of libpq that matter here."""
    url = PostgresUrl.read(
        "postgresql://h1,h2/db?user=u&password=p&connect_timeout=3&application_name=suite&options=-c%20statement_timeout=9s"
        "&target_session_attrs=primary&sslmode=disable"
    )
    assert (url.user, url.password, url.connect_seconds, url.target, url.sslmode) == ("u", "p", 3, "primary", "disable")
    assert url.session == {"application_name": "suite", "options": "-c statement_timeout=9s"}


def test_f45_of_several_hosts_the_one_that_takes_changes_is_wanted() -> None:
    """A standby is no use to the suite."""
    assert PostgresUrl.read("postgresql://h1,h2/db").target == "read-write"
    assert PostgresUrl.read("postgresql://h1/db").target == "any"


def test_f45_modes_of_tls() -> None:
    """What verifies the server does, and nothing less."""
    contexts = {
        mode: tls_of(PostgresUrl.read(f"postgresql://h/db?sslmode={mode}"))
        for mode in ("require", "verify-ca", "verify-full")
    }
    shown = {
        mode: (each.verify_mode, each.check_hostname)
        for mode, each in contexts.items()
        if isinstance(each, ssl.SSLContext)
    }
    assert shown == {
        "require": (ssl.CERT_NONE, False),
        "verify-ca": (ssl.CERT_REQUIRED, False),
        "verify-full": (ssl.CERT_REQUIRED, True),
    }
    assert [tls_of(PostgresUrl.read(f"postgresql://h/db?sslmode={mode}")) for mode in ("disable", "allow", "prefer")] == [
        "disable", "allow", "prefer",
    ]  # fmt: skip
    assert tls_of(PostgresUrl.read("postgresql://h/db")) == "prefer"


def test_f45_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    """At start, by the path of the file."""
    (tmp_path / "ca.pem").write_text("no certificate")
    url = f"postgresql://h/db?sslmode=require&sslrootcert={tmp_path}/ca.pem"
    with pytest.raises(SettingsError, match=f"sslrootcert={tmp_path}/ca.pem cannot be used"):
        load_settings(ServiceSettings, {"RINGRIFT_DATABASE_URL": url})


def test_f45_the_password_is_not_shown() -> None:
    """An address may be logged."""
    assert "secret" not in repr(PostgresUrl.read("postgresql://u:secret@h/db"))
