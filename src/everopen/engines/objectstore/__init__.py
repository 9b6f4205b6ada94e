"""The object store: any S3 API; SeaweedFS where we start one ourselves."""
