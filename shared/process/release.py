"""Which release of the suite this is: the version of the installed package. It stands in pyproject.toml and nowhere else."""

from importlib.metadata import version

VERSION = version("ringrift-suite")
