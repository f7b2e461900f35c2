"""The addresses of services. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def fault_of_url(url: str) -> str | None:
    """Return what is wrong with the address of a service, without repeating it; None if nothing."""
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return "its address can't be read"
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_right:
        return "its address must begin with http:// or https://"
    if parts.username is not None or parts.password is not None:
        return "its address has a password: keys belong into a variable of their own"
    if parts.query or not url.isascii() or any(each.isspace() for each in url):
        return "its address must be a plain one, without a query"
    return None
