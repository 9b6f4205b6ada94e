-- A refund that its provider refused for good can be tried again: each try has a number, and so an id of its own.
ALTER TABLE orders ADD COLUMN refund_attempt integer NOT NULL DEFAULT 0 CHECK (refund_attempt >= 0);
UPDATE orders SET refund_attempt = 1 WHERE refund_state <> 'none';

-- The highest version that is known to be durable: what is newer is shown to nobody before a barrier. A lost
-- flag costs another barrier, a set one proves the rest.
ALTER TABLE orders ADD COLUMN proven_version integer NOT NULL DEFAULT 0;
