MATCH (w:Writer {key: 'writer'})
WHERE w.token = $token
SET w.until = 0
