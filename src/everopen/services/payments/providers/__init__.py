"""Payment providers: what the router needs of one, and an adapter for each."""
