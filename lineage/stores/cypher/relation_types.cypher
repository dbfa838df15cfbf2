UNWIND $keys AS key
MATCH (n:Element {key: key})
MATCH (n)-[r]-()
RETURN DISTINCT n.key AS key, type(r) AS type, startNode(r) = n AS outgoing
