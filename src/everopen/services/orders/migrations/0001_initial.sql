-- Orders and their history. The row is the present; order_events is how it came to be.

CREATE TABLE orders (
    order_id        text PRIMARY KEY,
    state           text NOT NULL CHECK (state IN ('placed', 'reserved', 'action_required', 'authorized',
                        'confirmed', 'captured', 'capture_failed', 'fulfilled', 'declined', 'cancelled')),
    version         integer NOT NULL DEFAULT 1 CHECK (version > 0),
    owner           text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint     text NOT NULL,
    cart_id         text NOT NULL,
    email           text NOT NULL,
    address         jsonb NOT NULL,
    lines           jsonb NOT NULL,
    instruments     jsonb NOT NULL,
    payment_round   integer NOT NULL DEFAULT 1,
    currency        text NOT NULL,
    subtotal_minor  bigint NOT NULL CHECK (subtotal_minor >= 0),
    shipping_minor  bigint NOT NULL CHECK (shipping_minor >= 0),
    total_minor     bigint NOT NULL CHECK (total_minor = subtotal_minor + shipping_minor AND total_minor > 0),
    provider        text NOT NULL DEFAULT '',
    reference       text NOT NULL DEFAULT '',
    action_url      text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    refund_state    text NOT NULL DEFAULT 'none' CHECK (refund_state IN ('none', 'pending', 'refunded', 'failed')),
    placed_at       timestamptz NOT NULL DEFAULT now(),
    confirmed_at    timestamptz,
    -- Set after the confirmation is known to be durable; only then does anything call it confirmed.
    acknowledged_at timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    -- When somebody has to look at it again; NULL when nothing is left to do.
    due_at          timestamptz,
    CHECK (acknowledged_at IS NULL OR confirmed_at IS NOT NULL),
    CHECK (confirmed_at IS NULL OR (provider <> '' AND reference <> ''))
);
CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX orders_owner ON orders (owner, order_id);
-- A cart becomes at most one order that stands, whatever keys a confused client uses.
CREATE UNIQUE INDEX orders_cart ON orders (cart_id) WHERE state NOT IN ('declined', 'cancelled');

CREATE TABLE order_events (
    order_id text NOT NULL REFERENCES orders,
    version  integer NOT NULL,
    state    text NOT NULL,
    event    text NOT NULL,
    detail   text NOT NULL DEFAULT '',
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, version)
);

CREATE TABLE outbox (
    task_id    uuid PRIMARY KEY DEFAULT uuidv7(),
    kind       text NOT NULL,
    key        text NOT NULL,
    payload    jsonb NOT NULL DEFAULT '{}',
    due_at     timestamptz NOT NULL DEFAULT now(),
    attempts   integer NOT NULL DEFAULT 0,
    last_error text,
    UNIQUE (kind, key)
);
CREATE INDEX outbox_due ON outbox (due_at);

-- Nothing that happened to an order is ever changed or forgotten by the service.
REVOKE UPDATE, DELETE ON order_events FROM orders;
REVOKE DELETE ON orders FROM orders;
