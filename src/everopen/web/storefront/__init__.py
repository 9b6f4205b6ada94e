"""The shop that people see: server-rendered pages over the public API. It owns no data."""
