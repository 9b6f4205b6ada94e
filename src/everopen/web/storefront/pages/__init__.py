"""The shop's pages, one module per step of a purchase."""
