UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
OPTIONAL MATCH (n)<-[:<types>]-(m:Element)
RETURN n.key AS key, count(DISTINCT m) AS degree
