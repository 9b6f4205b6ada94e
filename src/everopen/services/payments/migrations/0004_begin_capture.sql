-- What begins a capture, in one exchange instead of five. It always writes, so that its commit is a barrier for
-- all that it read.
CREATE FUNCTION begin_capture(
    p_order_id text, p_amount_minor bigint, p_currency text,
    OUT refusal text, OUT provider text, OUT reference text, OUT tries integer, OUT state text, OUT reason text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    payment payments;
    claim claims;
    begun settlements;
BEGIN
    SELECT * INTO payment FROM payments p WHERE p.order_id = p_order_id FOR UPDATE;
    -- Only now, behind the lock: a statement that waits for it still sees the claims as they were before.
    SELECT * INTO claim FROM claims c WHERE c.order_id = p_order_id AND c.purpose = 'confirm';
    refusal := CASE
        WHEN payment.closed_at IS NOT NULL THEN 'closed'
        WHEN payment.order_id IS NULL OR claim.order_id IS NULL THEN 'not-authorized'
        WHEN (payment.amount_minor, payment.currency) IS DISTINCT FROM (p_amount_minor, p_currency) THEN 'amount'
    END;
    IF refusal IS NOT NULL THEN
        PERFORM pg_logical_emit_message(true, 'refused capture', p_order_id);
        RETURN;
    END IF;
    INSERT INTO settlements AS s
        (order_id, settlement_id, kind, provider, reference, amount_minor, currency)
    VALUES (p_order_id, 'capture', 'capture', claim.provider, claim.reference, p_amount_minor, p_currency)
    ON CONFLICT (order_id, settlement_id) DO UPDATE SET tries = s.tries + 1
    RETURNING s.* INTO begun;
    provider := begun.provider;
    reference := begun.reference;
    tries := begun.tries;
    state := begun.state;
    reason := begun.reason;
END $$;
