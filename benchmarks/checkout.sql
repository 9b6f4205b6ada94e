-- What one checkout commits, transaction for transaction and with the same durability, from the cart to
-- the mail: the statements of services/*/store.py and kit/outbox, without reading what only Python needs.
-- A session's default is `synchronous_commit = local` (zonal); confirmed transactions say so.
\set sku random(1, 100)
\set order random(1, 9000000000000000000)

-- cart: begin, set a line
INSERT INTO cart.carts (cart_id, owner) VALUES ('c' || :order::text, 'ses_bench')
    ON CONFLICT (cart_id) DO UPDATE SET cart_id = excluded.cart_id;
UPDATE cart.carts SET lines = '[{"sku": "MUG-NOR07-INK", "quantity": 1, "seen": {"title": "Northlight Banded Mug – Ink Blue", "price": {"amount_minor": 1450, "currency": "USD"}}}]'::jsonb,
    version = version + 1, updated_at = now() WHERE cart_id = 'c' || :order::text AND version = 1 AND order_id IS NULL;

-- orders: placed
WITH new AS (
    INSERT INTO orders.orders (order_id, state, owner, idempotency_key, fingerprint, cart_id, email, address, lines,
        instruments, currency, subtotal_minor, shipping_minor, total_minor, due_at)
    VALUES ('o' || :order::text, 'placed', 'ses_bench', 'k' || :order::text, 'f', 'c' || :order::text, 'ada@example.com',
        '{"name": "Ada Shopper", "line1": "1 Test Street", "city": "Singapore", "country": "SG"}'::jsonb,
        '[{"sku": "MUG-NOR07-INK", "title": "Northlight Banded Mug – Ink Blue", "quantity": 1, "unit_price": {"amount_minor": 1450, "currency": "USD"}, "line_total": {"amount_minor": 1450, "currency": "USD"}}]'::jsonb,
        '[{"provider": "stripe", "token": "pm_card_visa"}, {"provider": "paypal", "token": "vault-approved"}]'::jsonb,
        'USD', 1450, 590, 2040, now() + interval '5 s')
    ON CONFLICT (order_id) DO NOTHING RETURNING order_id, version, state)
INSERT INTO orders.order_events (order_id, version, state, event)
    SELECT order_id, version, state, 'Placed' FROM new;

-- inventory: reserve; orders: reserved
SELECT inventory.reserve('o' || :order::text, ARRAY['BENCH-' || :sku::text], ARRAY[1::bigint]);
WITH changed AS (
    UPDATE orders.orders SET state = 'reserved', version = version + 1, updated_at = now(), due_at = now() + interval '5 s'
    WHERE order_id = 'o' || :order::text AND version = 1 RETURNING *)
INSERT INTO orders.order_events (order_id, version, state, event) SELECT order_id, version, state, 'Reserved' FROM changed;

-- payments: the attempt (confirmed), the claim and the outcome (confirmed); orders: authorized
BEGIN;
SET LOCAL synchronous_commit TO on;
WITH payment AS (
    INSERT INTO payments.payments (order_id, amount_minor, currency, worker, working_until)
    VALUES ('o' || :order::text, 2040, 'USD', 'w', now() + interval '15 s') ON CONFLICT DO NOTHING RETURNING order_id)
INSERT INTO payments.attempts (attempt_id, order_id, round, serial, generation, provider, provider_key, amount_minor,
    currency, token, return_url, check_at)
    SELECT 'a' || :order::text, order_id, 1, 1, 1, 'stripe', 'p' || :order::text, 2040, 'USD', 'pm_card_visa',
        'http://127.0.0.1/orders', now() + interval '5 s' FROM payment;
COMMIT;
BEGIN;
SET LOCAL synchronous_commit TO on;
WITH payment AS (
    UPDATE payments.payments SET working_until = '-infinity' WHERE order_id = 'o' || :order::text AND closed_at IS NULL
    RETURNING order_id
), taken AS (
    INSERT INTO payments.claims (provider, reference, order_id, purpose)
    SELECT 'stripe', 'pi' || :order::text, order_id, 'confirm' FROM payment ON CONFLICT DO NOTHING RETURNING order_id)
UPDATE payments.attempts SET state = 'approved', reference = 'pi' || :order::text
    WHERE attempt_id = 'a' || :order::text AND EXISTS (SELECT FROM taken);
COMMIT;
WITH changed AS (
    UPDATE orders.orders SET state = 'authorized', version = version + 1, updated_at = now(), due_at = now() + interval '5 s',
        provider = 'stripe', reference = 'pi' || :order::text
    WHERE order_id = 'o' || :order::text AND version = 2 RETURNING *)
INSERT INTO orders.order_events (order_id, version, state, event) SELECT order_id, version, state, 'Approved' FROM changed;

-- orders: confirmed (confirmed), acknowledged
BEGIN;
SET LOCAL synchronous_commit TO on;
WITH changed AS (
    UPDATE orders.orders SET state = 'confirmed', version = version + 1, updated_at = now(), confirmed_at = now()
    WHERE order_id = 'o' || :order::text AND version = 3 RETURNING *),
history AS (
    INSERT INTO orders.order_events (order_id, version, state, event) SELECT order_id, version, state, 'Confirmed' FROM changed)
INSERT INTO orders.outbox (kind, key)
    SELECT unnest(ARRAY['capture', 'consume-stock', 'notify-confirmed', 'close-cart']), order_id FROM changed
    ON CONFLICT (kind, key) DO NOTHING;
COMMIT;
UPDATE orders.orders SET acknowledged_at = now(), due_at = NULL WHERE order_id = 'o' || :order::text;

-- outbox: claim what is owed (confirmed); then each of it, struck off at its end
BEGIN;
SET LOCAL synchronous_commit TO on;
UPDATE orders.outbox SET due_at = now() + interval '30 s', attempts = attempts + 1 WHERE key = 'o' || :order::text;
COMMIT;
-- capture: payments (confirmed), its outcome, orders (confirmed)
BEGIN;
SET LOCAL synchronous_commit TO on;
SELECT FROM payments.payments WHERE order_id = 'o' || :order::text FOR UPDATE;
INSERT INTO payments.settlements (order_id, settlement_id, kind, provider, reference, amount_minor, currency)
    VALUES ('o' || :order::text, 'capture', 'capture', 'stripe', 'pi' || :order::text, 2040, 'USD');
COMMIT;
UPDATE payments.settlements SET state = 'done', settled_at = now()
    WHERE order_id = 'o' || :order::text AND settlement_id = 'capture';
BEGIN;
SET LOCAL synchronous_commit TO on;
WITH changed AS (
    UPDATE orders.orders SET state = 'captured', version = version + 1, updated_at = now()
    WHERE order_id = 'o' || :order::text AND version = 4 RETURNING *)
INSERT INTO orders.order_events (order_id, version, state, event) SELECT order_id, version, state, 'Captured' FROM changed;
COMMIT;
DELETE FROM orders.outbox WHERE key = 'o' || :order::text AND kind = 'capture';
-- stock and cart
SELECT inventory.consume('o' || :order::text);
DELETE FROM orders.outbox WHERE key = 'o' || :order::text AND kind = 'consume-stock';
UPDATE cart.carts SET order_id = coalesce(order_id, 'o' || :order::text) WHERE cart_id = 'c' || :order::text;
DELETE FROM orders.outbox WHERE key = 'o' || :order::text AND kind = 'close-cart';
-- mail: taken over (confirmed), claimed (confirmed), sent
BEGIN;
SET LOCAL synchronous_commit TO on;
INSERT INTO notifications.messages (message_id, kind, order_id, recipient, content)
    VALUES ('m' || :order::text, 'order-confirmed', 'o' || :order::text, 'ada@example.com',
        jsonb_build_object('kind', 'order-confirmed', 'order', repeat('x', 900)));
INSERT INTO notifications.outbox (kind, key) VALUES ('send', 'm' || :order::text);
COMMIT;
DELETE FROM orders.outbox WHERE key = 'o' || :order::text AND kind = 'notify-confirmed';
BEGIN;
SET LOCAL synchronous_commit TO on;
UPDATE notifications.outbox SET due_at = now() + interval '30 s', attempts = attempts + 1
    WHERE kind = 'send' AND key = 'm' || :order::text;
COMMIT;
UPDATE notifications.messages SET sent_at = now(), relay = 'r' WHERE message_id = 'm' || :order::text AND sent_at IS NULL;
DELETE FROM notifications.outbox WHERE kind = 'send' AND key = 'm' || :order::text;
