"""The merchant's desk at /merchant: plain pages over the public API. It owns no data."""
