-- The generation of a customer's sessions grows with each change of her password.
ALTER TABLE customers ADD COLUMN generation integer NOT NULL DEFAULT 0;

-- Anonymous sessions that a customer has proved to have been, by their token. The first who proves it has it.
CREATE TABLE guests (
    guest       text PRIMARY KEY,
    customer_id text NOT NULL REFERENCES customers,
    linked_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX guests_customer ON guests (customer_id, linked_at);

-- What is over before its tokens expire: a session, or a customer's sessions before a generation.
CREATE TABLE endings (
    ended        text PRIMARY KEY,
    generation   integer NOT NULL DEFAULT 0,
    kept_session text NOT NULL DEFAULT '',
    expires_at   timestamptz NOT NULL,
    -- Readers go on from the oldest transaction that was open when they read last, so that none is missed.
    changed_in   xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX endings_changed ON endings (changed_in);
CREATE INDEX endings_expires ON endings (expires_at);

CREATE TABLE addresses (
    customer_id text NOT NULL REFERENCES customers,
    address_id  text NOT NULL,
    address     jsonb NOT NULL,
    is_default  boolean NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (customer_id, address_id)
);
CREATE UNIQUE INDEX addresses_default ON addresses (customer_id) WHERE is_default;
