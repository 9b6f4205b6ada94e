"""Identity: sessions, customers, and the keys with which anyone can check who is asking."""
