"""What the desk says of things, and what it reads from its forms. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from everopen.contracts.assortment import ImageDraft, KeptProduct, ProductDraft, VariantDraft
from everopen.contracts.orders import Order
from everopen.core.errors import BusinessError, EveropenError, InvalidInput, OutcomeUnknown
from everopen.core.money import Money, parse_money

_STATES = {
    "placed": "Being placed",
    "reserved": "Waiting for payment",
    "action_required": "Waiting for the shopper",
    "authorized": "Being confirmed",
    "confirmed": "Confirmed",
    "captured": "Paid",
    "capture_failed": "Payment failed",
    "fulfilled": "Fulfilled",
    "declined": "Declined",
    "cancelled": "Cancelled",
}
_REFUNDS = {"pending": "refund on its way", "refunded": "refunded", "failed": "refund failed"}
_ACTIONS = {
    "order.cancel": "Order cancelled",
    "order.refund": "Order refunded",
    "order.fulfil": "Order fulfilled",
    "order.pay-otherwise": "Other payment chosen",
    "product.put": "Product saved",
    "product.price": "Prices changed",
    "product.state": "Product shown or hidden",
    "product.import": "Product imported",
    "stock.receipt": "Stock received",
    "stock.adjustment": "Stock adjusted",
    "stock.recount": "Stock recounted",
    "webhook.subscribe": "Subscriber added",
    "webhook.change": "Subscriber changed",
    "webhook.secret": "Secret of a subscriber replaced",
    "webhook.unsubscribe": "Subscriber deleted",
}
_WORDS: Mapping[str, str] = {
    "wrong-credentials": "Name and password do not fit together.",
    "too-many-attempts": "Too many attempts. Please wait a minute, then try again.",
    "unknown-sku": "No stock was ever received of this SKU. Receive some first.",
}
_MESSAGES = {
    "order-confirmed": "Confirmation",
    "order-cancelled": "Cancellation",
    "order-refunded": "Refund",
    "order-fulfilled": "Dispatch",
}
_TROUBLES = {
    "no-answer": "The provider has not said what became of it",
    "not-let-go": "Held, not wanted, and not let go",
    "void-refused": "The provider refuses to let it go",
    "amount": "Another amount is held than was asked for",
    "captured": "Captured, though no order asked for that",
    "lost": "Held since before a restore, for nothing we know of",
    "payment-not-found": "The provider does not know a payment that is to be captured",
}
ORDER_STATES = tuple(_STATES.items())
REFUND_STATES = (("any", "any refund"), *_REFUNDS.items())
_CANCELLABLE = frozenset(
    {"placed", "reserved", "action_required", "authorized", "confirmed", "captured", "capture_failed"}
)


def order_label(order: Order) -> tuple[str, str]:
    """How the order stands, and a tone: `good`, `waiting`, `bad` or `quiet`."""
    label = _STATES[order.state]
    if order.refund_state != "none":
        label = f"{label}, {_REFUNDS[order.refund_state]}"
    if order.state in ("capture_failed", "action_required") or order.refund_state == "failed":
        return label, "bad"
    if order.state in ("declined", "cancelled"):
        return label, "quiet"
    return label, "good" if order.confirmed else "waiting"


def order_actions(order: Order) -> tuple[str, ...]:
    """What may be done with the order now: of `fulfil`, `refund`, `cancel`."""
    actions = []
    if order.state == "captured" and order.refund_state == "none":
        actions.append("fulfil")
    if order.state in ("captured", "fulfilled") and order.refund_state in ("none", "failed"):
        actions.append("refund")
    if order.state in _CANCELLABLE and order.refund_state != "pending":
        actions.append("cancel")
    return tuple(actions)


def action_label(action: str) -> str:
    """An audit entry's action in words."""
    return _ACTIONS.get(action, action)


def message_label(kind: str) -> str:
    """A mail's kind in words."""
    return _MESSAGES.get(kind, kind)


def trouble_label(kind: str) -> str:
    """What is the matter with a payment, in words."""
    return _TROUBLES.get(kind, kind.replace("-", " ").capitalize())


def plain_change(fields: Mapping[str, Any]) -> str:
    """What an audit entry says of before or after, in one line."""
    parts = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        parts.append(f"{name.replace('_', ' ')}: {text if len(text) <= 160 else text[:160] + '…'}")
    return "; ".join(parts) or "–"  # noqa: RUF001  # a dash for people


def link(path: str, pairs: Sequence[tuple[str, str]], **changes: str | None) -> str:
    """The address of `path` with the query `pairs`, some of them changed or, if None, left out."""
    kept = [(name, value) for name, value in pairs if name not in changes]
    kept += [(name, value) for name, value in changes.items() if value is not None]
    return f"{path}?{urlencode(kept)}" if kept else path


def sentence(error: EveropenError) -> str:
    """What went wrong, for the merchant, and whether anything was changed."""
    if isinstance(error, BusinessError):
        return _WORDS.get(error.code, error.detail)
    if isinstance(error, OutcomeUnknown):
        return "There was no answer in time. Send the form again: it is carried out once only."
    return "This part of the platform does not answer at the moment. Nothing was changed; please try again."


def price_input(money: Money | None) -> str:
    """A price as it stands in a field: `12.50`."""
    return "" if money is None else str(money).rsplit(" ", 1)[0].replace(",", "")


class VariantFields(msgspec.Struct, frozen=True, kw_only=True):
    """A variant as it stands in the form."""

    sku: str = ""
    options: str = ""
    price: str = ""
    compare_at: str = ""
    weight_g: str = "0"
    shipping: str = "yes"
    image: str = ""


class ProductFields(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it stands in the form: what was typed, right or wrong."""

    handle: str = ""
    version: str = ""
    title: str = ""
    description: str = ""
    vendor: str = ""
    category: str = ""
    product_type: str = ""
    tags: str = ""
    option_names: str = ""
    images: str = ""
    published: str = "yes"
    reason: str = ""
    variants: tuple[VariantFields, ...] = ()


def fields_of(product: KeptProduct) -> ProductFields:
    """The form for a product that is there."""
    return ProductFields(
        handle=product.handle,
        version=str(product.version),
        title=product.title,
        description=product.description,
        vendor=product.vendor,
        category=product.category,
        product_type=product.product_type,
        tags=", ".join(product.tags),
        option_names=" / ".join(product.option_names),
        images="\n".join(f"{i.name} | {i.alt}" if i.alt else i.name for i in product.images),
        published="yes" if product.state == "published" else "no",
        variants=tuple(
            VariantFields(
                sku=variant.sku,
                options=" / ".join(variant.options),
                price=price_input(variant.price),
                compare_at=price_input(variant.compare_at_price),
                weight_g=str(variant.weight_g),
                shipping="yes" if variant.requires_shipping else "no",
                image=variant.image_name or "",
            )
            for variant in product.variants
        ),
    )


def read_fields(pairs: Sequence[tuple[str, str]]) -> ProductFields:
    """What was typed; the fields of variants come once for each, in their order."""
    single = dict(pairs)
    columns = {
        name: [value for found, value in pairs if found == f"variant_{name}"]
        for name in VariantFields.__struct_fields__
    }
    count = len(columns["sku"])
    rows = ({name: values[n] for name, values in columns.items() if n < len(values)} for n in range(count))
    names = set(ProductFields.__struct_fields__) - {"variants"}
    plain = {name: value for name, value in single.items() if name in names}
    return ProductFields(**plain, variants=tuple(VariantFields(**row) for row in rows if row["sku"].strip()))


def draft_of(fields: ProductFields, currency: str) -> ProductDraft:
    """The product that the form describes.

    Raises:
        InvalidInput: a price or a weight is no number.
    """
    images = [line.partition("|") for line in fields.images.splitlines() if line.strip()]
    return ProductDraft(
        title=fields.title.strip(),
        description=fields.description.replace("\r\n", "\n"),
        vendor=fields.vendor,
        category=fields.category,
        product_type=fields.product_type,
        tags=tuple(tag.strip() for tag in fields.tags.split(",") if tag.strip()),
        option_names=_parts(fields.option_names),
        images=tuple(ImageDraft(name=name.strip(), alt=alt.strip()) for name, _, alt in images),
        variants=tuple(_variant(variant, currency) for variant in fields.variants),
        published=fields.published == "yes",
        reason=fields.reason.strip(),
    )


def whole_number(text: str, what: str) -> int:
    """Raises: InvalidInput: not a whole number (`invalid-number`)."""
    plain = text.strip()
    digits = plain.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise InvalidInput("invalid-number", f"{what} must be a whole number, not “{plain[:40]}”.")
    return int(plain)


def _variant(fields: VariantFields, currency: str) -> VariantDraft:
    before = fields.compare_at.strip()
    return VariantDraft(
        sku=fields.sku.strip(),
        options=_parts(fields.options),
        price=_money(fields.price, currency),
        compare_at_price=_money(before, currency) if before else None,
        weight_g=whole_number(fields.weight_g or "0", f"The weight of {fields.sku}"),
        requires_shipping=fields.shipping == "yes",
        image_name=fields.image.strip() or None,
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(" / ") if part.strip())


def _money(text: str, currency: str) -> Money:
    try:
        return parse_money(text.strip(), currency)
    except ValueError:
        raise InvalidInput(
            "invalid-price", f"A price must be a number such as 12.50, not “{text[:40]}”."
        ) from None
