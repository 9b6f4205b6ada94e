"""etcd: elections and the few facts that every site must agree on."""
