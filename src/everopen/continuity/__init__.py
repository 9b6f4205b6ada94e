"""The continuity plane: observe, decide, plan, execute, prove; and the match that ends every recovery."""
