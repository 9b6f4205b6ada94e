"""A mail sink: takes every message for every address, keeps it, and shows it."""
