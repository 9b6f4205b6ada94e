"""Catalog: what can be bought, found and looked at; answered from each instance's own disk."""
