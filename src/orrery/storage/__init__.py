"""Object storage: opaque keys, whole objects or streams, by the kind that STORAGE_TYPE names."""
