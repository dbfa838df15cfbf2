UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)-[r]-()
RETURN DISTINCT n.key AS key, type(r) AS type, startNode(r) = n AS outgoing
