"""Security headers of every page, and the way on from a form."""

from collections.abc import Sequence

from litestar import Response
from litestar.datastructures import Cookie

# Nothing but our own files, no inline script or style, in no frame. `form-action` is not covered by
# `default-src` (Content Security Policy Level 3, section 6.4.2).
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
# A page that shows what one person does is kept by nobody.
PRIVATE = "no-store"
HTML = "text/html"


def see_other(path: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """Go on there with GET, so that reloading the page sends no form again (RFC 9110, section 15.4.4)."""
    headers = {**SECURITY_HEADERS, "location": path, "cache-control": PRIVATE}
    return Response("", status_code=303, media_type=HTML, headers=headers, cookies=list(cookies))
