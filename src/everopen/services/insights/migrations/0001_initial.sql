-- Clickstream: written in groups, without waiting for the disk; kept for a time and up to a number.
CREATE TABLE events (
    event_id    uuid PRIMARY KEY,
    place       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    received_at timestamptz NOT NULL,
    type        text NOT NULL,
    visit       text NOT NULL,
    handle      text NOT NULL,
    sku         text NOT NULL,
    query       text NOT NULL,
    results     integer
);
COMMENT ON COLUMN events.event_id IS 'The client''s: what is sent again is kept once.';
COMMENT ON COLUMN events.place IS 'In the order of arrival: the oldest are forgotten first.';

-- How far confirmed orders were counted. It moves in the transaction that counts, so each is counted once.
CREATE TABLE progress (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    cursor   text NOT NULL DEFAULT ''
);
INSERT INTO progress DEFAULT VALUES;

CREATE TABLE products (
    handle text PRIMARY KEY,
    orders bigint NOT NULL CHECK (orders > 0)
);
COMMENT ON COLUMN products.orders IS 'Confirmed orders that hold the product.';
CREATE INDEX products_orders ON products (orders DESC, handle);

CREATE TABLE pairs (
    one     text NOT NULL,
    other   text NOT NULL,
    orders  bigint NOT NULL CHECK (orders > 0),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (one, other),
    CHECK (one < other)
);
COMMENT ON COLUMN pairs.orders IS 'Confirmed orders that hold both.';
CREATE INDEX pairs_other ON pairs (other);
