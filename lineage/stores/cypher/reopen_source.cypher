MATCH (s:Source {key: $source})
SET s.complete = false, s.written = null
RETURN s.key AS key
