"""What has to hold between the sides, one module for each part. Pure; see `judge`."""
