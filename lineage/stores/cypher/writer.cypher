MATCH (w:Writer {key: 'writer'})
RETURN w.token AS token, w.holder AS holder, w.until - timestamp() AS left_ms
