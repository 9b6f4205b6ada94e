-- The feed: every change of a product belongs to a batch, and batches are numbered without gaps in the
-- order in which they become visible.
CREATE TABLE feed (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE feed IS
    'The last position. A writer locks the row before it looks at anything, until it commits.';
INSERT INTO feed DEFAULT VALUES;

CREATE TABLE feed_batches (
    position bigint PRIMARY KEY,
    token uuid NOT NULL DEFAULT gen_random_uuid(),
    written_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN feed_batches.token IS
    'Tells a follower that this is the batch it has seen: after a failover or a restore that lost batches,'
    ' the same position may be given again to others.';

CREATE TABLE products (
    handle text PRIMARY KEY,
    document jsonb NOT NULL,
    digest bytea NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    feed_position bigint NOT NULL REFERENCES feed_batches,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN products.document IS 'A ProductRecord: the product with its variants and images.';
-- The feed itself: a product is in it once, at its latest change, so that it never grows beyond the catalog.
CREATE INDEX products_feed ON products (feed_position, handle);

CREATE TABLE variants (
    sku text PRIMARY KEY,
    handle text NOT NULL REFERENCES products ON DELETE CASCADE
);
COMMENT ON TABLE variants IS 'Which product a SKU belongs to: to one.';
CREATE INDEX variants_handle ON variants (handle);
