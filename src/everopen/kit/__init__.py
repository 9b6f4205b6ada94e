"""What services share: one small package per concept."""
