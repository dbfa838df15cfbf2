UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)-[:<types>]->(m:Element)
RETURN DISTINCT m.key AS key, m.whole_key AS whole_key
