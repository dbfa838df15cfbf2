MERGE (s:Source {key: $key})
ON CREATE SET s += $properties, s.recorded_at = datetime($recorded_at)
SET s.paths = $paths, s.complete = $complete
