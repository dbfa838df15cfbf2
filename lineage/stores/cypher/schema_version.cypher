MATCH (s:Schema {key: 'schema'}) RETURN s.version AS version
