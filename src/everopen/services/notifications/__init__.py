"""Notifications: what shoppers are told by mail, at least once, under ids that repetitions repeat."""
