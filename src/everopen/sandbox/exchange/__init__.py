"""How a provider takes calls: idempotency, one transaction for each, and the faults around it."""
