"""Reports that wait on disk until the collector has them."""
