"""Notifications: shoppers by mail, subscribers by webhook; at least once, by ids that repetitions repeat."""
