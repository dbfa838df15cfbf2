MATCH (s:Source {key: $source})
WITH s
MATCH (s)-[:ASSERTS]->(n:Element)
RETURN DISTINCT n.key AS key, n.whole_key AS whole_key
