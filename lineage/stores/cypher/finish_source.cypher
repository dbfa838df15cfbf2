MERGE (s:Source {key: $key})
SET s += $properties, s.recorded_at = datetime($recorded_at), s.paths = $paths, s.complete = true
