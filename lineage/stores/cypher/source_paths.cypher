MATCH (s:Source {key: $key}) RETURN s.paths AS paths
