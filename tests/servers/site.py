"""The servers of an installation, each with TLS by one private authority: Debian's Postgres behind Debian's PgBouncer, three NATS
servers as a cluster, and Debian's nginx in front of the processes. Roles, accounts and paths are those of docs/servers.md and
docs/proxy.md.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local import ports
from shared.messaging.permissions import LOGINS, permissions
from shared.service.migrations import role_of
from tests.kit.certificates import issue, make_ca
from tests.kit.debian_servers import DebianPostgres, PgBouncer
from tests.kit.nats_servers import Cluster
from tests.kit.nginx import Nginx
from tests.servers.page import each_of, statements

ONLY_TLS = "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
DATABASE = "ringrift"
POOL = 6


def account(password: str) -> str:
    """The suite's account on the bus with a login for each service, one for trainers, and one for who looks after the bus."""
    of_operator = {"publish": ["$JS.API.>"], "subscribe": ["_INBOX.operator.>"]}
    rules = {**{login: permissions(login) for login in LOGINS}, "operator": of_operator}
    users = [{"user": login, "password": password, "permissions": each} for login, each in rules.items()]
    return "accounts: " + json.dumps({"ringrift": {"jetstream": "enabled", "users": users}})


class Site:
    """Makes everything in `folder`. `upstreams`: the port of each process that nginx leads to."""

    def __init__(self, folder: Path, upstreams: Mapping[str, int]) -> None:
        authority = make_ca(folder / "certificates")
        pair = issue(authority, "site", ["localhost", ports.HOST])
        self.authority, self._page = authority.certificate, statements()
        self.nats_password = secrets.token_urlsafe(16)
        self.postgres = DebianPostgres(folder / "postgres", access=ONLY_TLS, tls=pair)
        self.pooler = PgBouncer(
            folder / "pgbouncer", self.postgres.port, "ringrift", self._page.passwords["ringrift"], pool=POOL, tls=pair,
            options=["server_login_retry=1", "query_wait_timeout=5"], others=self._page.passwords,
        )  # fmt: skip
        self.nats = Cluster(folder / "nats", more=account(self.nats_password), tls=pair)
        self.nginx = Nginx(folder / "nginx", pair, upstreams)

    @property
    def owner_url(self) -> str:
        """The database for the role that migrates, past the pooler."""
        return f"{self._page.url('ringrift', f'{ports.HOST}:{self.postgres.port}')}?{self._trust}"

    def url_of(self, service: str) -> str:
        """The database for a service's role, through the pooler."""
        return self.pooler.url(DATABASE, self._trust, role_of(service))

    @property
    def _trust(self) -> str:
        return f"sslmode=verify-full&sslrootcert={self.authority}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything started, with the roles and the database; stopped with the block, the last first."""
        with ExitStack() as stack:
            for server in (self.postgres, self.pooler, self.nats, self.nginx):
                stack.callback(server.stop)
                server.start()
            for statement in each_of(self._page.creation):
                self.postgres.execute(statement)
            yield

    def new_database(self) -> None:
        """Throw the database away, whoever uses it, and make an empty one; the roles stay."""
        self.postgres.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        for statement in each_of(self._page.creation):
            if not statement.startswith("CREATE ROLE"):
                self.postgres.execute(statement)
