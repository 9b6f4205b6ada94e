"""API and event types that services and their clients share: one module per service."""
