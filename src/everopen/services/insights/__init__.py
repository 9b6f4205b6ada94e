"""Insights: the clickstream, and what is bought together. Nothing that a purchase needs."""
