-- One row for each order that payments has heard of. It is what concurrent work on an order locks,
-- and the tombstone of an order that was closed, perhaps before anything was asked of a provider.
CREATE TABLE payments (
    order_id      text PRIMARY KEY,
    amount_minor  bigint CHECK (amount_minor > 0),
    currency      text,
    closed_at     timestamptz,
    -- Who is asking providers now, so that calls for the same order wait rather than ask as well.
    -- Only a courtesy: what keeps an order from two authorizations are the claims.
    worker        text NOT NULL DEFAULT '',
    working_until timestamptz NOT NULL DEFAULT '-infinity',
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- Written and durable before the provider is called, with all that a repetition needs.
CREATE TABLE attempts (
    attempt_id   text PRIMARY KEY,
    order_id     text NOT NULL REFERENCES payments,
    round        integer NOT NULL,
    serial       integer NOT NULL,
    generation   integer NOT NULL,
    provider     text NOT NULL,
    provider_key text NOT NULL UNIQUE,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    token        text NOT NULL,
    return_url   text NOT NULL,
    state        text NOT NULL DEFAULT 'started' CHECK (state IN ('started', 'unknown', 'not_sent', 'found',
                     'action_required', 'approved', 'declined', 'voided', 'lapsed')),
    reference    text NOT NULL DEFAULT '',
    action_url   text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    check_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attempts_of_order ON attempts (order_id);
CREATE INDEX attempts_unresolved ON attempts (provider, check_at) WHERE state IN ('started', 'unknown', 'found');

-- What a held payment is for: to be captured (confirm) or to be let go (void). Whoever takes the claim
-- on a reference first decides; an order has at most one that may be captured.
CREATE TABLE claims (
    provider   text NOT NULL,
    reference  text NOT NULL,
    order_id   text NOT NULL,
    purpose    text NOT NULL CHECK (purpose IN ('confirm', 'void')),
    claimed_at timestamptz NOT NULL DEFAULT now(),
    tries      integer NOT NULL DEFAULT 0,
    try_at     timestamptz NOT NULL DEFAULT now(),
    voided_at  timestamptz,
    PRIMARY KEY (provider, reference)
);
CREATE UNIQUE INDEX claims_confirm ON claims (order_id) WHERE purpose = 'confirm';
CREATE INDEX claims_of_order ON claims (order_id);
CREATE INDEX claims_to_void ON claims (provider, try_at) WHERE purpose = 'void' AND voided_at IS NULL;

-- The capture of an order (settlement_id `capture`) and its refunds (the refund's id).
CREATE TABLE settlements (
    order_id      text NOT NULL REFERENCES payments,
    settlement_id text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('capture', 'refund')),
    provider      text NOT NULL,
    reference     text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    currency      text NOT NULL,
    tries         integer NOT NULL DEFAULT 1,
    state         text NOT NULL DEFAULT 'started' CHECK (state IN ('started', 'unknown', 'done', 'refused')),
    reason        text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL DEFAULT now(),
    settled_at    timestamptz,
    PRIMARY KEY (order_id, settlement_id)
);

CREATE TABLE webhook_events (
    provider    text NOT NULL,
    event_id    text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX webhook_events_by_age ON webhook_events (received_at);

-- What no program may repair alone: shown to people, and to `everopen match`.
CREATE TABLE discrepancies (
    provider   text NOT NULL,
    reference  text NOT NULL,
    kind       text NOT NULL,
    order_id   text NOT NULL,
    detail     text NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, reference, kind)
);

-- One instance at a time reconciles with a provider; one that died loses its turn when it runs out.
CREATE TABLE reconcilers (
    provider   text PRIMARY KEY,
    holder     text NOT NULL DEFAULT '',
    held_until timestamptz NOT NULL DEFAULT '-infinity',
    swept_to   timestamptz NOT NULL DEFAULT now() - interval '15 minutes'
);
