"""Webhooks to subscribers, by the Standard Webhooks convention (https://www.standardwebhooks.com)."""
