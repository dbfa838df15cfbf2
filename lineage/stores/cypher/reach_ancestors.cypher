UNWIND $keys AS key
MATCH (n:Element {key: key})
MATCH (n)-[:<types>]->(m:Element)
RETURN DISTINCT coalesce(m.whole_key, m.key) AS key
