"""Where a house rule does not hold, and why. A line that is no longer needed fails as much as one that is missing."""

from __future__ import annotations

from collections.abc import Mapping

ESCAPES: Mapping[str, Mapping[str, str]] = {
    "SQL stands in repository.py and tables.py alone": {
        "shared/service/migrations.py": "runs the services' revisions, and so opens their database itself",
    },
    "tests wait for conditions and never sleep": {
        "tests/shared/test_f37_repeated_failures.py": "its clock is virtual: a sleep lets time go by, and takes none",
        "tests/distribution/cluster.py": "its clock is virtual: a sleep lets time go by, and takes none",
    },
    "the client needs httpx alone": {
        "client/ringrift_client/lightning.py": "is the callback for Lightning, which nothing else of the client imports",
    },
    "tests replace nothing of ours": {
        "tests/local/test_postgres.py: test_a_second_server_on_the_same_folder_is_refused": "its wait of 10 s is made short",
        "tests/local/test_postgres.py: forbid_namespaces": "stands for a machine that forbids user namespaces",
        "tests/promotion/test_promotion.py: test_g18_an_exception_while_judging_promotes_nothing": "a rule never raises by itself",
    },
}
