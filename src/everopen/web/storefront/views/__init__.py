"""What pages show, decided apart from how they look and where it comes from. Pure."""
