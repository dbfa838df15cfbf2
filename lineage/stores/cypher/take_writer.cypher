// the first SET locks the node, so that of two processes one sees what the other wrote
MERGE (w:Writer {key: 'writer'})
SET w.asked = $token
WITH w
WHERE w.token IS NULL OR w.token = $token OR w.until < timestamp()
SET w.token = $token, w.holder = $holder, w.until = timestamp() + $lease_ms
RETURN w.holder AS holder
