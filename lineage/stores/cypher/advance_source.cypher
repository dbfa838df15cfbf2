MATCH (s:Source {key: $key})
SET s.written = $written
