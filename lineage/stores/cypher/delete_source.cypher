MATCH (s:Source {key: $source})
DETACH DELETE s
