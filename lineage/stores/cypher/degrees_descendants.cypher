UNWIND $keys AS key
MATCH (n:Element {key: key})
OPTIONAL MATCH (n)<-[:<types>]-(m:Element)
RETURN n.key AS key, count(DISTINCT m) AS degree
