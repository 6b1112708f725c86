"""What a bucket's server, or the way to it, fails with, in words that say what would help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError

from shared.storage.artifacts import StoreAwayError

LONGEST = 300
OF_CODE = {
    "NoSuchBucket": "does not exist; create it, or mend RINGRIFT_ARTIFACTS_URL",
    "InvalidAccessKeyId": "is not to be had with this access key; AWS_ACCESS_KEY_ID names one that the server does not know",
    "SignatureDoesNotMatch": "is not to be had with this secret; mend AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "is not to be had: the credentials have expired",
    "RequestTimeTooSkewed": "is not to be had: this machine's clock differs too much from the server's",
    "SlowDown": "takes no more requests just now",
    "PermanentRedirect": "is in another region; AWS_REGION says which",
    "AuthorizationHeaderMalformed": "is in another region; AWS_REGION says which",
}
NO_CREDENTIALS = (
    "needs credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a web identity, or a role of the machine"
)
METADATA = "169.254.169.254"
"""Where a machine in a cloud asks for its role: what is asked last, where nothing else was given."""
REFUSED = "refuses these credentials: they may have to be given (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), or need more rights"
AWAY = ("error sending request", "timed out", "connect error", "dns error", "connection")
"""What the library says when nobody answers."""


@contextmanager
def in_words(bucket: str) -> Iterator[None]:
    """StoreAwayError for whatever the block fails with, but what is not there, and what is there already."""
    try:
        yield
    except AlreadyExistsError:
        raise
    except BaseError as error:
        raise StoreAwayError(f"the artifact store {bucket} {_what(error)}") from error
    except (ValueError, TimeoutError) as error:
        raise StoreAwayError(f"the artifact store {bucket} cannot be used: {str(error)[:LONGEST]}") from error


def _what(error: BaseError) -> str:
    text = str(error)
    code = re.search("<Code>([A-Za-z]+)</Code>", text)
    if code and code[1] in OF_CODE:
        return OF_CODE[code[1]]
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return REFUSED
    if METADATA in text:
        return NO_CREDENTIALS
    if any(each in text.lower() for each in AWAY):
        return "cannot be reached"
    return f"answers with an error: {' '.join(text.split())[:LONGEST]}"
