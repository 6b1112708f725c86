"""Whether this container is well: asks an address, `python health.py http://127.0.0.1:8770/readyz`. Says what it lacks.

It imports nothing of the suite, so that asking often costs little.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

SECONDS = 4
MOST = 2000


def main(url: str) -> None:
    """End with code 0 if it answers well; otherwise the answer, or why there is none, and code 1."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=SECONDS):
            return
    except urllib.error.HTTPError as error:
        said = error.read(MOST).decode(errors="replace")
    except OSError as error:
        said = str(error)
    raise SystemExit(f"{url}: {said}")


if __name__ == "__main__":
    main(sys.argv[1])
