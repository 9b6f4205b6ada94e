"""What every site of ours shares: origin of forms, own files, security headers, prices for people."""
