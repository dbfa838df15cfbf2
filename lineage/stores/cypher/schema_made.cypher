MERGE (s:Schema {key: 'schema'})
SET s.version = $version
