"""Payments: at most one authorization of an order is ever captured, whatever times out."""
