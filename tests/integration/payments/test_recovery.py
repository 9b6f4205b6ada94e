"""Payments, exported, lost and applied: the same again, and nothing is taken or given back twice."""

import random

import pytest

from everopen.contracts.payments import Instrument
from everopen.contracts.recovery import Applied, ApplyPayments, PaymentCopies, PaymentCopy
from everopen.core.errors import Forbidden
from everopen.core.ids import Id
from everopen.kit.client import Mesh
from support.payments import AMOUNT, CELL, DROP, PAYPAL_OK, STRIPE_OK, Shop

DECLINED = Instrument(provider="stripe", token="pm_card_chargeDeclined")
PATH = "/internal/payments/recovery/payments"


async def export(shop: Shop, order_ids: list[str]) -> list[PaymentCopy]:
    """Of these orders; others are of other tests."""
    found: list[PaymentCopy] = []
    cursor = ""
    while True:
        query = [("limit", "7"), *([("cursor", cursor)] if cursor else [])]
        page = await shop.mesh.call("GET", PATH, query=query, reply=PaymentCopies)
        found += [copy for copy in page.items if copy.order_id in order_ids]
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor


async def apply(shop: Shop, copies: list[PaymentCopy]) -> Applied:
    return await shop.mesh.call("POST", PATH, body=ApplyPayments(items=tuple(copies)), reply=Applied)


async def lose(shop: Shop, order_ids: list[str]) -> None:
    for table in ("settlements", "claims", "attempts", "payments"):
        await shop.admin.execute(f"DELETE FROM {table} WHERE order_id = ANY($1)", order_ids)  # noqa: S608


async def payments_of_every_kind(shop: Shop) -> list[str]:
    order_ids = sorted(str(Id.new("ord", CELL)) for _ in range(7))
    held, captured, refunded, declined, closed, tombstone, doubtful = order_ids
    await shop.authorize(held, STRIPE_OK)
    await shop.authorize(captured, STRIPE_OK)
    await shop.capture(captured)
    await shop.authorize(refunded, PAYPAL_OK)
    await shop.capture(refunded)
    await shop.refund(refunded, "full")
    await shop.authorize(declined, DECLINED)
    await shop.authorize(closed, STRIPE_OK)
    await shop.void(closed)
    await shop.void(tombstone)
    await shop.sandbox.faults("stripe", DROP | {"count": 1})
    await shop.authorize(doubtful)
    return order_ids


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_exported_is_there_again_after_it_was_applied(shop: Shop, seed: int) -> None:
    order_ids = await payments_of_every_kind(shop)
    copies = await export(shop, order_ids)
    assert [copy.order_id for copy in copies] == order_ids
    await lose(shop, order_ids)
    shuffled = copies * 2
    random.Random(seed).shuffle(shuffled)
    answers = [await apply(shop, shuffled[n : n + 3]) for n in range(0, len(shuffled), 3)]
    assert [answer.conflicts for answer in answers] == [()] * len(answers)
    assert await export(shop, order_ids) == copies


async def test_what_was_taken_is_not_taken_again(shop: Shop, order_id: str) -> None:
    """The order owes its capture and its refund again: payments knows them by their ids."""
    reference = (await shop.authorize(order_id, STRIPE_OK)).reference
    before = await export(shop, [order_id])
    await shop.capture(order_id)
    await shop.refund(order_id, "full")
    for copies in (before, await export(shop, [order_id])):
        await lose(shop, [order_id])
        await apply(shop, copies)
        assert (await shop.capture(order_id)).outcome == "done"
        assert (await shop.refund(order_id, "full")).outcome == "done"
    assert await shop.movements(reference) == ["authorize", "capture", "refund"]


async def test_what_has_gone_on_here_does_not_go_back(shop: Shop, order_id: str) -> None:
    reference = (await shop.authorize(order_id, STRIPE_OK)).reference
    old = await export(shop, [order_id])
    await shop.void(order_id)
    newer = await export(shop, [order_id])
    answer = await apply(shop, old)
    assert (answer.applied, answer.kept) == (0, 1)
    assert await export(shop, [order_id]) == newer
    assert (await shop.capture(order_id)).outcome == "impossible"
    assert await shop.movements(reference) == ["authorize", "void"]


async def test_another_authorization_of_the_same_order_is_left_out_and_named(
    shop: Shop, order_id: str
) -> None:
    await shop.authorize(order_id, STRIPE_OK)
    first = await export(shop, [order_id])
    await lose(shop, [order_id])
    await shop.authorize(order_id, PAYPAL_OK)
    second = await export(shop, [order_id])
    assert (await apply(shop, first)).conflicts == (order_id,)
    assert await export(shop, [order_id]) == second
    assert (await shop.capture(order_id)).outcome == "done"
    assert await shop.ledger(order_id) == [("stripe", "authorized"), ("paypal", "captured")]


async def test_an_order_that_was_closed_stays_closed(shop: Shop, order_id: str) -> None:
    await shop.void(order_id)
    copies = await export(shop, [order_id])
    await lose(shop, [order_id])
    await apply(shop, copies)
    assert (await shop.authorize(order_id)).outcome == "closed"


async def test_an_attempt_without_an_answer_is_asked_about_with_its_key(shop: Shop, order_id: str) -> None:
    await shop.sandbox.faults("stripe", DROP | {"count": 1})
    assert (await shop.authorize(order_id, STRIPE_OK)).outcome == "unknown"
    copies = await export(shop, [order_id])
    await lose(shop, [order_id])
    await apply(shop, copies)
    assert (await shop.authorize(order_id, STRIPE_OK)).outcome == "approved"
    assert await shop.ledger(order_id) == [("stripe", "authorized")]
    assert (await shop.capture(order_id, AMOUNT)).outcome == "done"


async def test_only_services_may_recover(shop: Shop) -> None:
    stranger = Mesh(shop.url)
    await stranger.start()
    try:
        with pytest.raises(Forbidden):
            await stranger.call("GET", PATH, reply=PaymentCopies)
        with pytest.raises(Forbidden):
            await stranger.call("POST", PATH, body=ApplyPayments(items=()), reply=Applied)
    finally:
        await stranger.stop()
