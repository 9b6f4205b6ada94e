"""What the merchant looks for: an order by the number that is read out, its mails, payments in trouble."""

import httpx
import pytest

from everopen.core.ids import Id, spoken
from everopen.services.orders.desk import Wanted
from support.callers import Callers
from support.desk import PASSWORD, DeskPlace, captured_order


@pytest.fixture
def merchant(callers: Callers) -> dict[str, str]:
    return callers.as_merchant()


async def test_an_order_is_found_by_the_number_that_is_read_out(
    desk: DeskPlace, merchant: dict[str, str]
) -> None:
    wanted, other = await captured_order(desk), await captured_order(desk)
    number = spoken(wanted)
    await desk.admin.execute("SET search_path = orders")
    # The same in another cell, whose name begins alike.
    foreign = f"ord_sg12_{Id.parse(wanted, 'ord').unique}"
    await desk.admin.execute(
        "INSERT INTO orders SELECT (json_populate_record(o, json_build_object('order_id', $2::text,"
        " 'cart_id', $2::text))).* FROM orders AS o WHERE order_id = $1",
        wanted,
        foreign,
    )
    async with httpx.AsyncClient(base_url=desk.url, headers=merchant) as client:
        for text in (number, number.lower(), number.replace("-", ""), number.replace("-", " ")):
            found = await client.get("/v1/merchant/orders", params={"number": text})
            assert {item["order_id"] for item in found.json()["items"]} == {wanted, foreign}, found.text
        for text in ("", "ABCD-EFG", "ABCD-EFG%", "ABCD-EFG1"):
            assert (await client.get("/v1/merchant/orders", params={"number": text})).status_code == 400
    await desk.admin.execute("DELETE FROM orders WHERE order_id = $1", foreign)
    async with httpx.AsyncClient(base_url=desk.url, follow_redirects=True) as browser:
        await browser.post("/merchant/sign-in", data={"name": "merchant", "password": PASSWORD})
        page = await browser.get("/merchant/orders", params={"q": number.lower()})
        assert wanted in page.text
        assert other not in page.text


async def test_finding_by_number_reads_the_primary_key(desk: DeskPlace, merchant: dict[str, str]) -> None:
    where, values = Wanted(number="ABCD-EFGH").conditions()
    await desk.admin.execute("SET search_path = orders; SET enable_seqscan = off")
    plan = await desk.admin.fetch(f"EXPLAIN SELECT * FROM orders WHERE {where}", *values)  # noqa: S608
    await desk.admin.execute("RESET enable_seqscan")
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan" not in text, text
    assert "order_id >=" in text, text


async def test_the_order_page_tells_which_mails_were_sent(desk: DeskPlace) -> None:
    order_id = await captured_order(desk)
    await desk.admin.execute(
        "INSERT INTO notifications.messages (message_id, kind, order_id, recipient, content, sent_at, relay, failure)"
        " VALUES ('<1@x>', 'order-confirmed', $1, 'a@b.example', '{}', now(), 'mail.example:25', ''),"
        " ('<2@x>', 'order-refunded', $1, 'a@b.example', '{}', NULL, '', '550 <script>no</script>')",
        order_id,
    )
    async with httpx.AsyncClient(base_url=desk.url, follow_redirects=True) as browser:
        await browser.post("/merchant/sign-in", data={"name": "merchant", "password": PASSWORD})
        page = await browser.get(f"/merchant/orders/{order_id}")
    assert "taken by mail.example:25" in page.text
    assert "550 &lt;script&gt;" in page.text


async def test_payments_in_trouble_are_listed_page_by_page(desk: DeskPlace, merchant: dict[str, str]) -> None:
    await desk.admin.execute("SET search_path = payments")
    order_id = str(Id.new("ord", "sg1"))
    await desk.admin.execute(
        "INSERT INTO discrepancies (provider, reference, kind, order_id, detail, seen_at)"
        " SELECT 'stripe', 'pi_' || n, 'unknown-order', $1, '<script>', '2026-11-01Z'::timestamptz"
        " FROM generate_series(1, 5) AS n",
        order_id,
    )
    await desk.admin.execute("INSERT INTO payments (order_id) VALUES ($1)", order_id)
    await desk.admin.execute(
        "INSERT INTO attempts (attempt_id, order_id, round, serial, generation, provider, provider_key,"
        " amount_minor, currency, token, return_url, state, created_at) VALUES"
        " ('old', $1, 1, 1, 1, 'paypal', 'a', 1, 'USD', 'secret-token', '', 'unknown', now() - interval '2 hours'),"
        " ('new', $1, 1, 2, 1, 'paypal', 'b', 1, 'USD', 'secret-token', '', 'unknown', now()),"
        " ('done', $1, 1, 3, 1, 'paypal', 'c', 1, 'USD', 'secret-token', '', 'approved', now() - interval '1 day')",
        order_id,
    )
    await desk.admin.execute(
        "INSERT INTO claims (provider, reference, order_id, purpose, tries, voided_at) VALUES"
        " ('stripe', 'stuck', $1, 'void', 9, NULL), ('stripe', 'young', $1, 'void', 1, NULL),"
        " ('stripe', 'gone', $1, 'void', 9, now())",
        order_id,
    )
    seen: list[tuple[str, str]] = []
    cursor: str | None = ""
    async with httpx.AsyncClient(base_url=desk.url, headers=merchant) as client:
        while cursor is not None:
            query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/v1/merchant/payments/troubles", params=query)).json()
            seen += [(item["kind"], item["reference"]) for item in page["items"]]
            cursor = page["next_cursor"]
        for wrong in ("x", "~~~", "2026-11-01T00:00:00~a~b~c", "2026-11-01T00:00:00Z~a"):
            refused = await client.get("/v1/merchant/payments/troubles", params={"cursor": wrong})
            assert refused.status_code == 400, refused.text
    assert seen == [
        ("not-let-go", "stuck"),
        ("no-answer", "old"),
        *[("unknown-order", f"pi_{n}") for n in (5, 4, 3, 2, 1)],
    ]
    async with httpx.AsyncClient(base_url=desk.url, follow_redirects=True) as browser:
        await browser.post("/merchant/sign-in", data={"name": "merchant", "password": PASSWORD})
        shown = await browser.get("/merchant/payments")
    assert "&lt;script&gt;" in shown.text
    assert "<script>" not in shown.text
    assert "secret-token" not in shown.text
