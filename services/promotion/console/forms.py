"""Forms as browsers send them, and the proof that one came from a page of the same session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from services.promotion.console.session import NOBODY
from services.promotion.errors import PageRefusedError
from shared.web.elsewhere import is_from_elsewhere

Asked = TypeVar("Asked", bound=BaseModel)
MOST_FIELDS = 50
TOKEN = "token"
OLD = (
    "this form is of another session, or of a page that is too old; go back, load the page again and send it once more"
)


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form. PageRefusedError unless it came from a page of this session."""
    require_same_origin(request)
    try:
        body = (await request.body()).decode()
        fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise PageRefusedError("what came is no form") from None
    session = getattr(request.state, "session", NOBODY)
    if not request.app.state.desk.sessions.is_token(session, fields.get(TOKEN, "")):
        raise PageRefusedError(OLD)
    return {name: value.replace("\0", "").strip() for name, value in fields.items()}


def require_same_origin(request: Request) -> None:
    """PageRefusedError if the browser says that another site's page sent this."""
    if is_from_elsewhere(request):
        raise PageRefusedError("this form was sent from another site's page")


def checked(model: type[Asked], **fields: Any) -> Asked:
    """What a form asks for, held to what the API takes; refused as that would be."""
    try:
        return model(**fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


Form = Annotated[Mapping[str, str], Depends(form_of)]
"""As a parameter of a route that changes something: the form's fields."""
