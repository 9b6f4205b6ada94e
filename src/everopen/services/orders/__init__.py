"""Orders: the checkout state machine, and what it owes once an order stands."""
