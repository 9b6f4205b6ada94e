-- What was to be told, once for each message id; a repetition of the request finds its row.
CREATE TABLE messages (
    message_id text PRIMARY KEY,
    kind       text NOT NULL,
    order_id   text NOT NULL,
    recipient  text NOT NULL,
    content    jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz,
    relay      text NOT NULL DEFAULT '',
    failure    text NOT NULL DEFAULT ''  -- why it will never arrive
);
CREATE INDEX messages_order ON messages (order_id);

CREATE TABLE outbox (
    task_id    uuid PRIMARY KEY DEFAULT uuidv7(),
    kind       text NOT NULL,
    key        text NOT NULL,
    payload    jsonb NOT NULL DEFAULT '{}',
    due_at     timestamptz NOT NULL DEFAULT now(),
    attempts   integer NOT NULL DEFAULT 0,
    last_error text,
    UNIQUE (kind, key)
);
CREATE INDEX outbox_due ON outbox (due_at);

REVOKE DELETE ON messages FROM notifications;
