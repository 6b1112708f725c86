"""What tests behind a proxy have in common: TLS by an authority of one's own, and an agent or a whole suite behind nginx."""

import hashlib
import shutil
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local import ports
from local.process import Process
from local.suite import SERVICES, Addresses, Suite
from tests.kit.certificates import Pair, issue, make_ca
from tests.kit.nginx import Nginx
from tests.kit.operator import DEMO, Operator
from tests.kit.processes import suite_process

KEY = "the key of everyone"
KEYS = f"everyone:operate:{hashlib.sha256(KEY.encode()).hexdigest()}"
BEARER = {"Authorization": f"Bearer {KEY}"}
NODE = "node-1"


@dataclass
class Certified:
    """A private authority, and what it issued for localhost."""

    authority: Path
    pair: Pair

    @classmethod
    def of(cls, folder: Path) -> "Certified":
        """A new one."""
        authority = make_ca(folder)
        return cls(authority.certificate, issue(authority, "proxy", ["localhost", ports.HOST]))


@dataclass
class Proxied:
    """A process behind nginx, and its own address."""

    nginx: Nginx
    process: Process
    direct: str
    shown: str

    @property
    def log(self) -> str:
        """What the process has said."""
        return self.process.log.read_text()


@contextmanager
def proxied_agent(folder: Path, certified: Certified, *, strips: bool = False) -> Iterator[Proxied]:
    """An agent with keys, shown under a prefix, that believes the proxy on 127.0.0.1."""
    port = ports.free_port()
    nginx = Nginx(folder / "nginx", certified.pair, {NODE: port}, strips=strips)
    settings = {
        "AGENT_NODE": NODE, "AGENT_PORT": str(port), "AGENT_DIR": str(folder / NODE), "API_KEYS": KEYS,
        "ORDER_PUBLIC_KEY": "00" * 32, "ROOT_PATH": f"/ringrift/{NODE}/", "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
    }  # fmt: skip
    process = suite_process("agent", "services.distribution.agent", settings, folder)
    direct = f"http://127.0.0.1:{port}"
    try:
        nginx.start()
        process.start()
        process.wait_for_http(f"{direct}/health", 60)
        yield Proxied(nginx, process, direct, nginx.url(NODE))
    finally:
        process.stop()
        nginx.stop()


@dataclass
class ProxiedSuite:
    """A suite of which every process knows the others by the proxy's addresses only."""

    suite: Suite
    nginx: Nginx
    authority: Path

    @property
    def operator(self) -> Operator:
        """The operator, who asks the processes themselves."""
        return Operator(self.suite)

    @property
    def environment(self) -> dict[str, str]:
        """What a user's shell has."""
        urls = {f"RINGRIFT_{name.upper()}_URL": self.nginx.url(name) for name in SERVICES}
        return {**urls, "RINGRIFT_HTTP_CA": str(self.authority)}

    def client(self, **options: Any) -> httpx.Client:
        """A client that trusts the authority and presents the key."""
        verify = ssl.create_default_context(cafile=self.authority)
        return httpx.Client(verify=verify, headers=BEARER, timeout=30, trust_env=False, **options)

    def add_model(self, name: str = "trained") -> str:
        """Put a demo model into the models folder; returns its path as events name it."""
        shutil.copy(DEMO / f"hex8_2p_{name}.pth", self.suite.models / f"{name}.pth")
        return f"models/{name}.pth"


@contextmanager
def proxied_suite(folder: Path, settings: Mapping[str, str]) -> Iterator[ProxiedSuite]:
    """A suite with keys and one node behind nginx, while the block lasts. `settings`: what differs, without RINGRIFT_."""
    certified, addresses = Certified.of(folder / "certificates"), Addresses.free(nodes=1)
    nginx = Nginx(folder / "nginx", certified.pair, {name: port for name, (_, port) in addresses.all.items()})
    common = {
        "API_KEYS": KEYS, "API_KEY": KEY, "TRUSTED_PROXIES": "127.0.0.1", "HTTP_CA": str(certified.authority),
        "FEED_SECONDS": "0.5", **settings,
    }  # fmt: skip
    urls = {f"{name.upper()}_URL": nginx.url(name) for name in SERVICES}
    own = {name: {**urls, "ROOT_PATH": f"/ringrift/{name}"} for name in addresses.all}
    own["distribution"]["NODES"] = f"{NODE}={nginx.url(NODE)}"
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as data:
        Path(data).chmod(0o711)
        suite = Suite(
            Path(data), addresses, durable=False, settings=_named(common),
            own={name: _named(each) for name, each in own.items()},
        )  # fmt: skip
        nginx.start()
        try:
            with suite.running(lambda _: None):
                yield ProxiedSuite(suite, nginx, certified.authority)
        finally:
            nginx.stop()


def _named(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"RINGRIFT_{name}": value for name, value in settings.items()}
