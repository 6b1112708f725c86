"""The directions of imports hold for every module, not for a list: the contracts of pyproject.toml leave none out."""

import tomllib
from typing import Any

from tests.house.tree import PACKAGES, ROOT, the_house

LINTER: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}
OUTSIDE = ("tests", "scripts", "deploy", "docs")
"""Not packages: nothing imports a script or what builds, a test may import all, and docs/site makes the documentation of them."""


def top_level() -> set[str]:
    """The packages that the tree has, by the names that they are imported by."""
    paths = (module.parts for module in the_house() if module.parts[0] != "docker")  # programs of images, no package
    return {parts[1] if parts[0] == "client" else parts[0] for parts in paths} - set(OUTSIDE)


def test_every_package_is_under_the_contracts() -> None:
    """Each package of the tree is a root of the import graph, a layer of the parts, and searched for circles."""
    layers = {name.strip() for layer in CONTRACTS["parts"]["layers"] for name in layer.split("|")}
    assert top_level() == set(PACKAGES)
    assert top_level() == set(LINTER["root_packages"])
    assert top_level() == layers
    assert top_level() == set(CONTRACTS["circles"]["ancestors"])


def test_every_room_of_shared_is_a_layer() -> None:
    """A new room of `shared` must be given its place among the others."""
    rooms = {module.parts[1] for module in the_house() if module.parts[0] == "shared" and len(module.parts) > 2}
    layers = {name.strip() for layer in CONTRACTS["shared"]["layers"] for name in layer.split("|")}
    assert rooms == layers
    assert CONTRACTS["shared"]["exhaustive"]


def test_every_service_is_independent_of_the_others() -> None:
    """A new service joins the contract that keeps services apart."""
    services = {f"services.{module.service}" for module in the_house() if module.service}
    assert services == set(CONTRACTS["services"]["modules"])


def test_nothing_of_the_suite_imports_the_tests() -> None:
    """Tests import the suite, and never the other way round."""
    product = [module for module in the_house() if not module.is_test]
    assert not [m.path for m in product if any(name.split(".")[0] == "tests" for name in m.imports.values())]


def test_scripts_are_thin() -> None:
    """A script is a door: it imports the command line or the client, and nothing behind them."""
    scripts = [module for module in the_house() if module.parts[0] == "scripts"]
    imported = {name.split(".")[0] for script in scripts for name in script.imports.values()}
    assert imported & set(PACKAGES) <= {"cli", "ringrift_client"}


def test_an_ignored_import_does_not_outlive_its_need() -> None:
    """No contract lets an exception stay that nothing needs any more."""
    assert not [name for name, each in CONTRACTS.items() if "unmatched_ignore_imports_alerting" in each]
