"""PostgreSQL 18 under Patroni: the system of record of a cell."""
