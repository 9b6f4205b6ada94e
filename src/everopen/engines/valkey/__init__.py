"""Valkey: only ever a cache."""
