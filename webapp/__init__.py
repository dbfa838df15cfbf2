"""The browser app: what surrounds a record, drawn, as a table, and as downloads."""
