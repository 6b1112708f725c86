"""Real servers for tests: databases of a shared Postgres, made fast and thrown away."""

import secrets
from collections.abc import Callable

from local.postgres import Postgres

Migrate = Callable[[str], None]
"""Brings the database at an address to the wanted state, and leaves no connection open."""


class Databases:
    """Makes databases on one server and remembers them, so that they can be removed together."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._made: list[str] = []

    def make(self, template: str | None = None) -> str:
        """A new database, empty or a copy of the database `template`; returns its address."""
        name = f"test_{secrets.token_hex(6)}"
        url = self._server.create_database(name, template=template)
        self._made.append(name)
        return url

    def drop_all(self) -> None:
        """Remove every database made here, ending the sessions in them."""
        while self._made:
            self._server.drop_database(self._made.pop())


class Templates:
    """Databases made and migrated once, for many tests to copy."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._made: dict[str, str] = {}

    def make(self, name: str, migrate: Migrate) -> str:
        """The name of a template: the first call for `name` makes it and runs `migrate` on its address."""
        if name not in self._made:
            template = f"template_{name}"
            migrate(self._server.create_database(template))
            self._made[name] = template
        return self._made[name]
