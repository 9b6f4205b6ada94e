"""What went wrong, in sentences for the shopper: what it means, what to do. Pure."""

from collections.abc import Mapping

from everopen.core.errors import BusinessError, EveropenError, OutcomeUnknown

_WORDS: Mapping[str, str] = {
    "price-changed": "Prices have changed since you looked. Please check the new total below, then order.",
    "out-of-stock": "There is not enough in stock for this order. Please lower the quantity or remove it.",
    "not-on-sale": "Something in your cart is not on sale any more. Please remove it, then order.",
    "unknown-sku": "This is not on sale any more.",
    "cart-full": "Your cart is full. Please order it first, or take something out.",
    "cart-empty": "Your cart is empty.",
    "idempotency-key-reused": "This order was sent before with other details. Please check your order.",
}


def sentence(error: EveropenError) -> str:
    """One or two sentences. Details of business errors are written for people; others never are shown."""
    if isinstance(error, BusinessError):
        return _WORDS.get(error.code, error.detail)
    if isinstance(error, OutcomeUnknown):
        return "We did not get an answer in time and do not know yet whether this was done."
    return "This part of the shop does not answer at the moment. Nothing was changed; please try again."
