"""The OpenAPI documents under a linter that knows nothing of this suite, with the rules kept beside this file."""

from pathlib import Path

from tests.house.tree import ROOT
from tests.kit.documents import PROCESSES, write
from tests.kit.openapi_tools import needed, run

RULES = ROOT / "tests" / "contract" / "spectral.yaml"


def test_f70_the_linter_finds_nothing(tmp_path: Path) -> None:
    """No error in any of the documents."""
    spectral = needed("spectral")
    write(tmp_path)
    documents = [str(tmp_path / f"{process}.json") for process in PROCESSES]
    assert "No results with a severity of 'error' found" in run(
        [spectral, "lint", "-r", str(RULES), *documents], tmp_path
    )
