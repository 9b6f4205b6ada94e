"""Faults of a provider, switched on from outside: what may go wrong, when, and how often."""
