"""Certificates for tests: an authority of one's own and what it issues, as PEM files made by openssl at test time."""

import subprocess
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

DAYS = "30"


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path

    @property
    def authority(self) -> Path:
        """The certificate of the authority beside it."""
        return self.certificate.with_name("ca.pem")


def make_ca(folder: Path) -> Pair:
    """A new certificate authority, `ca.pem` and `ca.key` in the folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    pair = Pair(folder / "ca.pem", folder / "ca.key")
    _openssl(
        "req", "-x509", *_new_key(pair.key), "-subj", "/CN=RingRift test CA", "-days", DAYS, "-out", pair.certificate,
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    return pair


def issue(ca: Pair, name: str, hosts: list[str]) -> Pair:
    """A certificate of the authority beside it, `NAME.pem` and `NAME.key`, for servers at these hosts (names or addresses) and for
    clients; its common name is `name`."""
    pair = Pair(ca.certificate.with_name(f"{name}.pem"), ca.certificate.with_name(f"{name}.key"))
    names = ["-addext", "subjectAltName=" + ",".join(map(_alternative, hosts))] if hosts else []
    _openssl(
        "req", "-x509", "-CA", ca.certificate, "-CAkey", ca.key, *_new_key(pair.key), "-subj", f"/CN={name}",
        "-days", DAYS, "-out", pair.certificate, "-addext", "basicConstraints=critical,CA:FALSE",
        "-addext", "extendedKeyUsage=serverAuth,clientAuth", *names,
    )  # fmt: skip
    return pair


def _new_key(path: Path) -> list[str | Path]:
    path.touch(mode=0o600)
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]


def _alternative(host: str) -> str:
    try:
        return f"IP:{ip_address(host)}"
    except ValueError:
        return f"DNS:{host}"


def _openssl(*words: str | Path) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
