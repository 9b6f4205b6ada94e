"""The desk's pages, by what they are about."""
