"""One file a source format: bytes in, PROV records and file events out."""
