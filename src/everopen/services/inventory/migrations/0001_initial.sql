-- Stock, its ledger, and the reservations of orders.
--
-- Everything that changes more than one SKU locks the SKUs in their order, after the order's own advisory
-- lock; so no two transactions can wait for each other. Each function is one statement to its caller and a
-- transaction by itself: the row of a SKU that many want is locked for no round trip.

CREATE TABLE stock (
    sku      text PRIMARY KEY,
    on_hand  bigint NOT NULL CHECK (on_hand >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    version  bigint NOT NULL,  -- how many movements the SKU has had
    CHECK (reserved <= on_hand)
) WITH (fillfactor = 50);  -- room for new versions of the row on its own page

CREATE TABLE movements (
    movement_id text PRIMARY KEY,  -- names what caused it, so that a cause moves stock once
    sku         text NOT NULL REFERENCES stock,
    version     bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('opening', 'receipt', 'adjustment', 'sale', 'return')),
    quantity    bigint NOT NULL,
    reference   text NOT NULL,
    fingerprint text NOT NULL DEFAULT '',  -- of the merchant's request
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (sku, version)
);

CREATE TABLE reservations (
    order_id    text PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('reserved', 'refused', 'released', 'consumed')),
    skus        text[] NOT NULL,    -- both empty in the tombstone that a release
    quantities  bigint[] NOT NULL,  -- leaves when it comes before its reservation
    short_skus  text[] NOT NULL DEFAULT '{}',
    returned_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- The ledger only grows, and neither a tombstone nor a SKU's stock may vanish.
REVOKE UPDATE, DELETE ON movements FROM inventory;
REVOKE DELETE ON stock, reservations FROM inventory;

CREATE FUNCTION short_of(p_skus text[], p_quantities bigint[]) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(l.sku ORDER BY l.sku), '{}')
    FROM unnest(p_skus, p_quantities) AS l (sku, quantity) LEFT JOIN stock s ON s.sku = l.sku
    WHERE coalesce(s.on_hand - s.reserved, 0) < l.quantity
$$;

CREATE FUNCTION lock_stock(p_skus text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM stock s WHERE s.sku = ANY (p_skus) ORDER BY s.sku FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION lock_cause(p_cause text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('inventory ' || p_cause, 0));
END $$;

-- All lines or none; whatever is known of the order already is the answer again.
CREATE FUNCTION reserve(p_order_id text, p_skus text[], p_quantities bigint[])
RETURNS reservations LANGUAGE plpgsql AS $$
DECLARE
    known reservations;
    short text[];
BEGIN
    PERFORM lock_cause(p_order_id);
    SELECT * INTO known FROM reservations r WHERE r.order_id = p_order_id;
    IF FOUND THEN
        RETURN known;
    END IF;
    -- A look without a lock first: who wants what is sold out does not stand in the queue for the row.
    short := short_of(p_skus, p_quantities);
    IF short = '{}' THEN
        PERFORM lock_stock(p_skus);
        short := short_of(p_skus, p_quantities);
    END IF;
    IF short = '{}' THEN
        UPDATE stock s SET reserved = s.reserved + l.quantity
        FROM unnest(p_skus, p_quantities) AS l (sku, quantity) WHERE s.sku = l.sku;
    END IF;
    INSERT INTO reservations AS r (order_id, state, skus, quantities, short_skus)
    VALUES (p_order_id, CASE WHEN short = '{}' THEN 'reserved' ELSE 'refused' END, p_skus, p_quantities, short)
    RETURNING r.* INTO known;
    RETURN known;
END $$;

-- A release that comes before its reservation leaves a tombstone for it to find.
CREATE FUNCTION release(p_order_id text) RETURNS reservations LANGUAGE plpgsql AS $$
DECLARE
    known reservations;
BEGIN
    PERFORM lock_cause(p_order_id);
    SELECT * INTO known FROM reservations r WHERE r.order_id = p_order_id;
    IF NOT FOUND THEN
        INSERT INTO reservations AS r (order_id, state, skus, quantities) VALUES (p_order_id, 'released', '{}', '{}')
        RETURNING r.* INTO known;
    ELSIF known.state = 'reserved' THEN
        UPDATE reservations r SET state = 'released', updated_at = now() WHERE r.order_id = p_order_id
        RETURNING r.* INTO known;
        PERFORM lock_stock(known.skus);
        UPDATE stock s SET reserved = s.reserved - l.quantity
        FROM unnest(known.skus, known.quantities) AS l (sku, quantity) WHERE s.sku = l.sku;
    END IF;
    RETURN known;
END $$;

-- The goods are sold: they leave the shelf and the reservation. No row if there is no reservation.
CREATE FUNCTION consume(p_order_id text) RETURNS SETOF reservations LANGUAGE plpgsql AS $$
DECLARE
    known reservations;
BEGIN
    PERFORM lock_cause(p_order_id);
    UPDATE reservations r SET state = 'consumed', updated_at = now()
    WHERE r.order_id = p_order_id AND r.state = 'reserved' RETURNING r.* INTO known;
    IF FOUND THEN
        PERFORM lock_stock(known.skus);
        WITH changed AS (
            UPDATE stock s SET on_hand = s.on_hand - l.quantity, reserved = s.reserved - l.quantity,
                               version = s.version + 1
            FROM unnest(known.skus, known.quantities) AS l (sku, quantity) WHERE s.sku = l.sku
            RETURNING s.sku, s.version, l.quantity)
        INSERT INTO movements (movement_id, sku, version, kind, quantity, reference)
        SELECT 'sale:' || p_order_id || ':' || c.sku, c.sku, c.version, 'sale', -c.quantity, p_order_id
        FROM changed c;
    END IF;
    RETURN QUERY SELECT * FROM reservations r WHERE r.order_id = p_order_id;
END $$;

-- What an order took comes back, once. No row if there is no reservation.
CREATE FUNCTION take_back(p_order_id text) RETURNS SETOF reservations LANGUAGE plpgsql AS $$
DECLARE
    known reservations;
BEGIN
    PERFORM lock_cause(p_order_id);
    UPDATE reservations r SET returned_at = now(), updated_at = now()
    WHERE r.order_id = p_order_id AND r.state = 'consumed' AND r.returned_at IS NULL RETURNING r.* INTO known;
    IF FOUND THEN
        PERFORM lock_stock(known.skus);
        WITH changed AS (
            UPDATE stock s SET on_hand = s.on_hand + l.quantity, version = s.version + 1
            FROM unnest(known.skus, known.quantities) AS l (sku, quantity) WHERE s.sku = l.sku
            RETURNING s.sku, s.version, l.quantity)
        INSERT INTO movements (movement_id, sku, version, kind, quantity, reference)
        SELECT 'return:' || p_order_id || ':' || c.sku, c.sku, c.version, 'return', c.quantity, p_order_id
        FROM changed c;
    END IF;
    RETURN QUERY SELECT * FROM reservations r WHERE r.order_id = p_order_id;
END $$;
