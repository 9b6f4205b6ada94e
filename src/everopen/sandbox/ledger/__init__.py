"""What a provider's books say of every payment: what was authorized, captured, voided, refunded."""
