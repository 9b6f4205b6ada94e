"""Forms are accepted from our own pages only.

Beside the cookies being `SameSite=Lax`, the browser's own word is checked: `Sec-Fetch-Site`, or else that
`Origin` names the host that was asked (OWASP, Cross-Site Request Forgery Prevention Cheat Sheet). A client
that sends neither is not a browser, and carries no shopper's cookies.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from everopen.core.errors import Forbidden


def require_same_origin(headers: Mapping[str, str], public_url: str) -> None:
    """Refuse a form that another site's page sent.

    Args:
        headers: of the request, names in lower case.
        public_url: the address of the shop, which may differ from the host that the last proxy asks for.

    Raises:
        Forbidden: it comes from elsewhere (`cross-site`).
    """
    site = headers.get("sec-fetch-site", "")
    if site in ("same-origin", "none"):
        return
    origin = headers.get("origin", "")
    if not site and not origin:
        return
    if not site and origin != "null":
        sender, known = urlsplit(origin), urlsplit(public_url)
        ours = {headers.get("host", "").lower(), known.netloc.lower()}
        # A page that came without TLS may be anybody's, whatever host it names.
        if sender.netloc.lower() in ours - {""} and sender.scheme in ("https", known.scheme):
            return
    raise Forbidden("cross-site", "This form was sent from another site. Please use the form on our page.")
