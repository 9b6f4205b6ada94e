-- Who wants to be told by webhook. A row is never taken away: a late repetition of the request that made it must
-- find that it was deleted.
CREATE TABLE subscriptions (
    subscription_id text PRIMARY KEY,
    fingerprint     text NOT NULL,          -- of the request that made it
    url             text NOT NULL,
    events          text[] NOT NULL,
    description     text NOT NULL,
    enabled         boolean NOT NULL DEFAULT true,
    disabled_reason text NOT NULL DEFAULT '',
    failing_since   timestamptz,            -- no delivery has gone well since
    paused_until    timestamptz,            -- the subscriber asked for fewer requests
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz
);

-- What signs. The newest has no end; those before it sign beside it until theirs.
CREATE TABLE subscription_secrets (
    subscription_id text NOT NULL REFERENCES subscriptions,
    idempotency_key text NOT NULL,          -- of the request that made it; a repetition finds it
    secret          text NOT NULL,
    previous_until  timestamptz NOT NULL,   -- as it was answered
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz,
    PRIMARY KEY (subscription_id, idempotency_key)
);

-- What there is to tell: the bytes that are sent, the same to each subscriber in each attempt.
CREATE TABLE events (
    event_id   text PRIMARY KEY,            -- the header webhook-id
    type       text NOT NULL,
    order_id   text,
    body       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_created ON events (created_at);

-- One event to one subscriber: what is owed, and the log of what was done.
CREATE TABLE deliveries (
    delivery_id     text PRIMARY KEY,
    subscription_id text NOT NULL REFERENCES subscriptions,
    event_id        text NOT NULL REFERENCES events,
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL DEFAULT now(),
    retry_key       text NOT NULL DEFAULT '',  -- of the last request to try again
    response_status integer,
    error           text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_attempt_at timestamptz,
    UNIQUE (subscription_id, event_id)
);
CREATE INDEX deliveries_due ON deliveries (subscription_id, due_at) WHERE state = 'pending';
CREATE INDEX deliveries_log ON deliveries (subscription_id, created_at DESC, delivery_id DESC);
CREATE INDEX deliveries_event ON deliveries (event_id);
CREATE INDEX deliveries_created ON deliveries (created_at);

CREATE TABLE delivery_attempts (
    delivery_id     text NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    attempt         integer NOT NULL,
    started_at      timestamptz NOT NULL,
    duration_ms     integer NOT NULL,
    response_status integer,
    error           text NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_id, attempt)
);

REVOKE DELETE ON subscriptions FROM notifications;
