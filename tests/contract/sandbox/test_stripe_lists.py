"""Lists, cursors, expansion and search, through the official package's own paging."""

import asyncio

import pytest
import stripe

from contract.sandbox.stripe_requests import authorize
from support.sandbox import OTHER_STRIPE, RunningSandbox
from support.waiting import eventually


async def test_auto_paging_gives_every_intent_once_newest_first(
    sandbox: RunningSandbox, order_id: str
) -> None:
    client = sandbox.stripe(OTHER_STRIPE.secret_key)
    made = [(await authorize(client, order_id)).id for _ in range(7)]
    pages = await client.v1.payment_intents.list_async({"limit": 3})
    listed = [intent.id async for intent in pages.auto_paging_iter()]
    assert listed[:7] == made[::-1]
    assert len(set(listed)) == len(listed)


async def test_cursors_both_ways(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    made = [(await authorize(client, order_id)).id for _ in range(4)]
    older = await client.v1.payment_intents.list_async({"limit": 2, "starting_after": made[3]})
    assert ([intent.id for intent in older.data], older.has_more) == ([made[2], made[1]], True)
    newer = await client.v1.payment_intents.list_async({"limit": 2, "ending_before": made[0]})
    assert ([intent.id for intent in newer.data], newer.has_more) == ([made[2], made[1]], True)
    last = await client.v1.payment_intents.list_async({"limit": 3, "ending_before": made[0]})
    assert ([intent.id for intent in last.data], last.has_more) == ([made[3], made[2], made[1]], False)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await client.v1.payment_intents.list_async({"starting_after": "pi_nobody"})
    assert caught.value.code == "resource_missing"


async def test_created_filters(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    at = intent.created
    from_then = await client.v1.payment_intents.list_async({"created": {"gte": at}, "limit": 100})
    assert intent.id in [item.id for item in from_then.data]
    assert all(item.created >= at for item in from_then.data)
    before = await client.v1.payment_intents.list_async({"created": {"lt": at}, "limit": 100})
    assert all(item.created < at for item in before.data)
    exactly = await client.v1.payment_intents.list_async({"created": at, "limit": 100})
    assert intent.id in [item.id for item in exactly.data]
    later = await client.v1.payment_intents.list_async({"created": {"gt": at + 1000}})
    assert later.data == []


async def test_charges_of_an_intent_and_expansion(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    charges = await client.v1.charges.list_async(
        {"payment_intent": intent.id, "expand": ["data.payment_intent", "data.refunds"]}
    )
    [charge] = charges.data
    assert charge.id == intent.latest_charge
    assert isinstance(charge.payment_intent, stripe.PaymentIntent)
    assert charge.payment_intent.id == intent.id
    again = await client.v1.payment_intents.retrieve_async(
        intent.id, {"expand": ["latest_charge.payment_intent", "payment_method"]}
    )
    assert isinstance(again.latest_charge, stripe.Charge)
    assert isinstance(again.latest_charge.payment_intent, stripe.PaymentIntent)
    assert isinstance(again.payment_method, stripe.PaymentMethod)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        await client.v1.payment_intents.retrieve_async(intent.id, {"expand": ["amount"]})


async def test_search_by_metadata_finds_what_is_not_brand_new(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    first, second = await asyncio.gather(
        authorize(client, order_id, metadata={"order_id": order_id, "shop": "north"}),
        authorize(client, order_id, metadata={"order_id": order_id, "shop": "south"}),
    )

    async def found(query: str) -> set[str]:
        result = await client.v1.payment_intents.search_async({"query": query, "limit": 1})
        return {intent.id async for intent in result.auto_paging_iter()}

    by_order = f"metadata['order_id']:'{order_id}'"
    assert await eventually(lambda: found(by_order), lambda ids: len(ids) == 2) == {first.id, second.id}
    assert await found(f'{by_order} AND metadata["shop"]:"south" AND status:"requires_capture"') == {
        second.id
    }
    assert await found(f"{by_order} AND status:'succeeded'") == set()
    with pytest.raises(stripe.InvalidRequestError, match="parse your search query"):
        await found("metadata['order_id'] = 1; DROP TABLE stripe_object")


async def test_events_are_listed(sandbox: RunningSandbox, order_id: str) -> None:
    client = sandbox.stripe()
    intent = await authorize(client, order_id)
    await client.v1.payment_intents.capture_async(intent.id)
    events = await client.v1.events.list_async({"types": ["payment_intent.succeeded", "charge.captured"]})
    newest = events.data[0]
    assert (newest.type, newest.data.object["id"]) == ("payment_intent.succeeded", intent.id)
    assert {event.type for event in events.data} <= {"payment_intent.succeeded", "charge.captured"}
    assert (await client.v1.events.retrieve_async(newest.id)).id == newest.id
