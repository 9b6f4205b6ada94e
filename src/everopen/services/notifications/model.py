"""What a message is: pure."""

from email.charset import QP, Charset
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr

from everopen.contracts.notifications import NotificationKind, NotifyOrder
from everopen.core.ids import spoken
from everopen.core.time import now

SUBJECTS: dict[NotificationKind, str] = {
    "order-confirmed": "Your order is confirmed",
    "order-cancelled": "Your order is cancelled",
    "order-refunded": "Your money is on its way back",
    "order-fulfilled": "Your order is on its way",
}


def message_id(request: NotifyOrder, domain: str) -> str:
    """The message's id: the same for every repetition, on any instance, after any restore.

    A kind of message is sent once for an order, so kind and order name it. (RFC 5322, section 3.6.4)
    """
    return f"<{request.order.order_id}.{request.kind}@{domain}>"


def sender_name(sender: str) -> str:
    """What the shop calls itself; its domain if the address has no name."""
    return parseaddr(sender)[0] or sender_domain(sender)


def sender_domain(sender: str) -> str:
    """The domain of the shop's own address."""
    return parseaddr(sender)[1].rpartition("@")[2]


def compose(request: NotifyOrder, *, sender: str, text: str, html: str) -> MIMEMultipart:
    """The mail, text and HTML.

    With the library's older types: parsing each header that was just written, as the newer ones do, took
    more time than all else that is done for a mail (measured).

    Raises:
        ValueError: a header would have a line break in it.
    """
    message = MIMEMultipart("alternative")
    headers = {
        "From": formataddr(parseaddr(sender)),
        "To": request.order.email,
        "Subject": f"{SUBJECTS[request.kind]} ({spoken(request.order.order_id)})",
        "Message-ID": message_id(request, sender_domain(sender)),
        "Date": format_datetime(now()),
        "Auto-Submitted": "auto-generated",
        "X-Everopen-Order": request.order.order_id,
    }
    for name, value in headers.items():
        if not value.isprintable():
            raise ValueError(f"{name} cannot be {value!r}")
        message[name] = value
    readable = Charset("utf-8")
    readable.body_encoding = QP
    message.attach(MIMEText(text, "plain", readable))  # type: ignore[arg-type]  # a Charset is taken too
    message.attach(MIMEText(html, "html", readable))  # type: ignore[arg-type]
    return message
