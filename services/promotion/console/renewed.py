"""Parts of a page that are asked for again while somebody looks, and answered with 204 where nothing is new."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from services.promotion.console.rendering import NEVER_KEPT, fill, mark_of
from services.promotion.console.visit import Visit

SEEN = "seen"


class Renewed(NamedTuple):
    """A part as it is now. `html`: wrapped so that it asks again at the same address, unless it has come to its end."""

    html: Markup
    mark: str

    @classmethod
    def of(cls, request: Request, template: str, *, ended: bool = False, **shown: Any) -> Renewed:
        """A template filled for the page at this address."""
        visit = Visit.of(request)
        inner = fill(template, visit, **shown)
        mark = mark_of(f"{ended}{inner}")
        asked = [each for each in parse_qsl(request.url.query) if each[0] != SEEN]
        address = f"{visit.url(visit.path)}?{urlencode([*asked, (SEEN, mark)])}"
        return cls(fill("renewed.html", visit, part=inner, address=None if ended else address), mark)

    def answer(self, seen: str) -> Response:
        """To a browser that has a part already: nothing, where it is this one."""
        if seen == self.mark:
            return Response(status_code=204, headers=NEVER_KEPT)
        return HTMLResponse(self.html, headers=NEVER_KEPT)
