"""Webhooks: a queue that survives the process, and the deliverer that empties it."""
