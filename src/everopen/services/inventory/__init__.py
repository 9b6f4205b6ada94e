"""Inventory: units on hand, reserved and sold; a ledger of movements whose sum is the stock."""
