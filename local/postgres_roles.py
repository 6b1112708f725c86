"""The roles of the application's database with their passwords, as statements for a superuser. It runs nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

OWNER = "ringrift"
DATABASE = "ringrift"


def password_of(role: str, secret: str) -> str:
    """The password of a role: the secret itself for the owner, for others one from which no other can be told."""
    return secret if role == OWNER else hashlib.sha256(f"{role} {secret}".encode()).hexdigest()


def roles_made(roles: Sequence[str], present: Collection[str], secret: str) -> str:
    """Each role may log in, and make neither roles nor databases."""
    verbs = {role: "ALTER" if role in present else "CREATE" for role in (OWNER, *roles)}
    return "; ".join(
        f"{verb} ROLE {role} LOGIN NOCREATEDB NOCREATEROLE PASSWORD '{password_of(role, secret)}'"
        for role, verb in verbs.items()
    )


def closed_to_others(roles: Sequence[str]) -> str:
    """Nobody but the owner and these roles may connect to the database."""
    allowed = f"GRANT CONNECT ON DATABASE {DATABASE} TO {', '.join(roles)}"
    return f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC; {allowed}"
