"""Records in, a text stream out; one file a format."""
