"""The licences of what an installation brings along, as its packages state them, and which of them we take. It installs nothing.

python -m deploy.licences
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGE = "ringrift-suite"
DEVELOPMENT = {"dev", "docs"}
"""Extras that no installation has."""
TAKEN = re.compile(r"0BSD|Apache|BSD|BSL-1|CC0|ISC|MIT|MPL|PSF|Zlib", re.IGNORECASE)
"""What asks for no more than a notice, or, the MPL, for the changed files of that package."""
REFUSED = re.compile(r"GPL|Affero|SSPL|BUSL|Commons Clause", re.IGNORECASE)


def licence_of(package: metadata.PackageMetadata) -> str:
    """What a package says of its licence: the expression, or its classifiers, or the text's first line."""
    classifiers = [line.split(" :: ")[-1] for line in package.get_all("Classifier") or [] if line.startswith("License")]
    expression, text = (package.get_all(key) or [""] for key in ("License-Expression", "License"))
    return str(expression[0] or ", ".join(classifiers) or str(text[0]).strip().partition("\n")[0] or "unknown")


def is_taken(licence: str) -> bool:
    """Whether we bring along what is under it. Of several to choose from, one is enough."""
    choices = re.split(r"\bOR\b", licence)
    return any(TAKEN.search(each) and not REFUSED.search(each) for each in choices)


def brought() -> dict[str, metadata.PackageMetadata]:
    """Every installed package that ours needs, with any extra but that for development, by name."""
    extras = set(metadata.metadata(PACKAGE).get_all("Provides-Extra") or ()) - DEVELOPMENT
    found: dict[str, metadata.PackageMetadata] = {}
    waiting = list(needs(PACKAGE, extras))
    while waiting:
        each = waiting.pop()
        name = str(canonicalize_name(each.name))
        if name in found:
            continue
        try:
            found[name] = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # belongs to an extra that is not installed here
        waiting += needs(name, each.extras)
    return dict(sorted(found.items()))


def needs(name: str, extras: Iterable[str]) -> Iterator[Requirement]:
    """What an installed package needs here, with some of its extras."""
    for line in metadata.requires(name) or ():
        each = Requirement(line)
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield each


if __name__ == "__main__":
    for name, package in brought().items():
        licence = licence_of(package)
        print(f"{name:24} {package['Version']:16} {licence}{'' if is_taken(licence) else '    NOT TAKEN'}")
