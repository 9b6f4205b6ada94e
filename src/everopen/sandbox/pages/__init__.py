"""Pages that a person reads: one layout, escaped templates, no script."""
