"""That a server which something is kept on cannot be used: an error that every part knows, whatever server it is."""


class UnusableServerError(ConnectionError):
    """A server that answers and cannot be used; the text says why."""
