"""What a message is: pure."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

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


def sender_domain(sender: str) -> str:
    """The domain of the shop's own address."""
    return parseaddr(sender)[1].rpartition("@")[2]


def compose(request: NotifyOrder, *, sender: str, text: str, html: str) -> EmailMessage:
    """The mail, text and HTML. The header types of the library refuse line breaks in any value."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=request.order.email)
    message["Subject"] = f"{SUBJECTS[request.kind]} ({spoken(request.order.order_id)})"
    message["Message-ID"] = message_id(request, sender_domain(sender))
    message["Date"] = format_datetime(now())
    message["Auto-Submitted"] = "auto-generated"
    message["X-Everopen-Order"] = request.order.order_id
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message
