"""What tests of several kinds share: real engines on free ports, bounded waits."""
