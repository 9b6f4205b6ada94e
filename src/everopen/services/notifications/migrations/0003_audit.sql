-- What the merchant's side changed, written in the transaction of the change. See kit/audit.
CREATE TABLE audit (
    audit_id   uuid PRIMARY KEY DEFAULT uuidv7(),
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL CHECK (actor <> ''),
    action     text NOT NULL CHECK (action <> ''),
    entity     text NOT NULL,
    reason     text NOT NULL,
    key        text UNIQUE,  -- of the request, so that a repetition changes nothing twice
    before     jsonb NOT NULL,
    after      jsonb NOT NULL,
    request_id text NOT NULL
);
CREATE INDEX audit_entity ON audit (entity, audit_id);
REVOKE UPDATE, DELETE ON audit FROM notifications;
