MATCH (s:Source {key: $source})
SET s.complete = false
RETURN s.key AS key
