-- A guest's cart goes over into the customer's: it keeps where, and no lines.

ALTER TABLE carts ADD COLUMN merged_into text CHECK (merged_into <> cart_id);

-- A customer's open cart, on any device. Guests' carts are found by id alone and need no place in it.
CREATE INDEX carts_customer ON carts (owner)
    WHERE starts_with(owner, 'cus_') AND order_id IS NULL AND merged_into IS NULL;
