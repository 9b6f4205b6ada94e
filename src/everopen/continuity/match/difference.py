"""Differences, by name, and what repairs each."""

from enum import StrEnum
from typing import Final

import msgspec


class Action(StrEnum):
    """What can be done about a difference. Each is idempotent, and is decided again by the service that
    carries it out: a repair that has become pointless does nothing.
    """

    REMIND_ORDER = "remind-order"
    CLOSE_PAYMENT = "close-payment"
    RECONCILE = "reconcile"
    RELEASE_STOCK = "release-stock"
    RECOUNT_STOCK = "recount-stock"
    BY_HAND = "by-hand"


ACTIONS: Final[dict[Action, str]] = {
    Action.REMIND_ORDER: "have the orders service look at the order and do again all that its state owes",
    Action.CLOSE_PAYMENT: "have the payments service close the order's payment and void what is held",
    Action.RECONCILE: "have the payments service look at the payment, and void it if nobody claims it",
    Action.RELEASE_STOCK: "have inventory release the reservation",
    Action.RECOUNT_STOCK: "have inventory set the SKU's numbers to what its ledger and reservations say",
    Action.BY_HAND: "a person has to decide",
}


class Repair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One action and what it is done to. Equal repairs are done once."""

    action: Action
    order_id: str = ""
    provider: str = ""
    reference: str = ""
    sku: str = ""

    def __str__(self) -> str:
        target = (self.order_id, self.provider, self.reference, self.sku)
        return " ".join((self.action, *filter(None, target)))


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Two sides that do not say the same.

    Attributes:
        kind: a name of `KINDS`.
        provider, reference: the payment it is about; empty if it is about none.
        sku: the product it is about; empty if it is about none.
        explanation: what each side says, in words.
    """

    kind: str
    order_id: str = ""
    provider: str = ""
    reference: str = ""
    sku: str = ""
    explanation: str
    repair: Repair


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of difference.

    Attributes:
        meaning: what is the matter.
        action: what repairs it, normally.
        advice: for the person who has to decide, where no program may; or if the repair does not help.
    """

    meaning: str
    action: Action
    advice: str = ""


_LOST_ORDER = (
    "Bring the order back (a restore and the journal's replay) or refund the payment at the provider. "
    "Nothing is refunded automatically: the order may only be missing until it is restored."
)

KINDS: Final[dict[str, Kind]] = {
    # Money held
    "held-without-order": Kind(
        meaning="A provider holds money for an order that does not exist.",
        action=Action.RECONCILE,
        advice="What an earlier generation of the cell held is kept until its order is restored; when "
        "there is nothing left to restore, void it at the provider.",
    ),
    "held-for-closed-order": Kind(
        meaning="A provider still holds money for an order that is cancelled or declined.",
        action=Action.CLOSE_PAYMENT,
        advice="If the payments service believes that it was voided, void it at the provider.",
    ),
    "held-twice": Kind(
        meaning="A provider holds money for an order beside the authorization that the order has.",
        action=Action.RECONCILE,
    ),
    # Money taken
    "captured-without-order": Kind(
        meaning="A provider has taken money for an order that does not exist.",
        action=Action.BY_HAND,
        advice=_LOST_ORDER,
    ),
    "captured-without-confirmation": Kind(
        meaning="A provider has taken money for an order that is not confirmed.",
        action=Action.REMIND_ORDER,
        advice="If the order is not confirmed then, cancel it and refund the payment at the provider.",
    ),
    "captured-twice": Kind(
        meaning="A second payment was taken for an order.",
        action=Action.BY_HAND,
        advice="Refund the named payment at the provider; the order's own payment is another.",
    ),
    "captured-for-closed-order": Kind(
        meaning="Money was taken for an order that is cancelled or declined, and was not given back.",
        action=Action.REMIND_ORDER,
        advice="If no refund is pending for the order, or it stays, refund the payment at the provider.",
    ),
    "captured-not-recorded": Kind(
        meaning="The provider has taken the money; the order or the payments service does not know.",
        action=Action.REMIND_ORDER,
        advice="Only an order that is confirmed asks for its capture again. Otherwise the shopper has paid, "
        "and a refund has to be made at the provider, since the payments service knows of no capture.",
    ),
    "confirmed-without-payment": Kind(
        meaning="An order is confirmed and the provider has no payment that could be captured, or was.",
        action=Action.REMIND_ORDER,
        advice="The order becomes `capture_failed`; its shopper is asked to pay anew, or it is cancelled.",
    ),
    "confirmed-not-captured": Kind(
        meaning="An order was confirmed a while ago and its money is held, but not taken.",
        action=Action.REMIND_ORDER,
    ),
    "recorded-not-captured": Kind(
        meaning="The order says that its money was taken; the provider says that it only holds it.",
        action=Action.BY_HAND,
        advice="Capture the payment at the provider before the authorization expires.",
    ),
    "amount-differs": Kind(
        meaning="What the provider holds or took is not the order's total.",
        action=Action.BY_HAND,
        advice="Refund what is too much, or ask the shopper for what is missing.",
    ),
    # Money given back
    "refund-not-done": Kind(
        meaning="A refund was promised a while ago, or is recorded, and the provider has not made it.",
        action=Action.REMIND_ORDER,
        advice="If the order says `refunded`, make the refund at the provider.",
    ),
    "refund-not-recorded": Kind(
        meaning="The provider has given money back, and the order does not know.",
        action=Action.REMIND_ORDER,
        advice="If it was refunded at the provider by hand, refund or cancel the order here, too.",
    ),
    # Orders
    "order-stands-still": Kind(
        meaning="An order is not decided, and nothing has happened to it for a while.",
        action=Action.REMIND_ORDER,
    ),
    "confirmed-not-acknowledged": Kind(
        meaning="An order is confirmed, but was never proven durable, so that its shopper was not told.",
        action=Action.REMIND_ORDER,
    ),
    "claim-differs": Kind(
        meaning="The payments service has claimed another payment for an order than the order names.",
        action=Action.BY_HAND,
        advice="Nothing is captured while they differ. Compare the order's history with its attempts.",
    ),
    "owed-task-stuck": Kind(
        meaning="Something that an order owes was tried many times without success.",
        action=Action.REMIND_ORDER,
        advice="Its last error says why.",
    ),
    # Stock
    "confirmed-without-stock": Kind(
        meaning="An order is confirmed and no stock is set aside for it, or was sold to it.",
        action=Action.BY_HAND,
        advice="Adjust the stock if the goods are there; cancel the order if they are not.",
    ),
    "stock-not-consumed": Kind(
        meaning="An order was confirmed a while ago and its stock is still only reserved.",
        action=Action.REMIND_ORDER,
    ),
    "reservation-for-closed-order": Kind(
        meaning="Stock is reserved for an order that is cancelled or declined.",
        action=Action.REMIND_ORDER,
    ),
    "reservation-without-order": Kind(
        meaning="Stock is reserved for an order that does not exist.",
        action=Action.RELEASE_STOCK,
    ),
    "reservation-differs": Kind(
        meaning="The stock set aside for an order is not what was ordered.",
        action=Action.BY_HAND,
        advice="Adjust the stock of the SKUs in the order's lines.",
    ),
    "sale-without-order": Kind(
        meaning="Stock was sold to an order that does not exist.",
        action=Action.BY_HAND,
        advice="Bring the order back, or adjust the stock by what the movements took.",
    ),
    "sale-for-closed-order": Kind(
        meaning="Stock was sold to an order that is cancelled or declined, and was not returned.",
        action=Action.REMIND_ORDER,
        advice="If the order was never confirmed, adjust the stock when the goods are there.",
    ),
    "sale-differs": Kind(
        meaning="The stock sold to an order is not what was ordered.",
        action=Action.BY_HAND,
        advice="Adjust the stock of the SKUs in the order's lines.",
    ),
    "stock-ledger-differs": Kind(
        meaning="The units on hand of a SKU are not the sum of its movements.",
        action=Action.RECOUNT_STOCK,
    ),
    "reserved-differs": Kind(
        meaning="The reserved units of a SKU are not the sum of its open reservations.",
        action=Action.RECOUNT_STOCK,
    ),
}
