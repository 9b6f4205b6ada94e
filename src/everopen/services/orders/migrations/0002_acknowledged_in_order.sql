-- Confirmed orders in the order in which they were acknowledged, for those who follow what is bought.
CREATE INDEX orders_acknowledged ON orders (acknowledged_at, order_id) WHERE acknowledged_at IS NOT NULL;
