UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)-[r:<type>]-(:Element)
WHERE r.observed = true
WITH DISTINCT r
DELETE r
