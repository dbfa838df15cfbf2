MATCH (s:Source {key: $key})
RETURN s.paths AS paths, s.content AS content, s.complete AS complete
