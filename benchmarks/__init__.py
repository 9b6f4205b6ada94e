"""`make bench`: what a checkout costs, beside the same SQL without the platform around it."""
