-- A cart is one row: it is read and written as a whole, by its version.

CREATE TABLE carts (
    cart_id    text PRIMARY KEY,
    owner      text NOT NULL,
    lines      jsonb NOT NULL DEFAULT '[]',  -- SKU, quantity, and the variant as the catalog last described it
    version    bigint NOT NULL DEFAULT 1,
    order_id   text,                         -- the order that it has become; nothing changes after that
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

REVOKE DELETE ON carts FROM cart;
