"""Whether this process may run programs that come as models: only whoever confined it can say so, once and for good."""

from __future__ import annotations

from play.models.formats.format import CheckpointError

_allowed = False


def allow_programs() -> None:
    """This process is confined in every way that the self-test tries, and nothing of it can be taken off again."""
    global _allowed
    _allowed = True


def require_allowed(what: str, instead: str) -> None:
    """CheckpointError unless programs may be run here; `instead`: what its owner can do."""
    if not _allowed:
        raise CheckpointError(
            f"{what}, which is run only where models are confined in every way (level full; /readyz and `ringrift evaluation show` "
            f"say which is reached), and this process is not; {instead}"
        )
