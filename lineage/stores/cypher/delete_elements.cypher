UNWIND $keys AS key
MATCH (n:Element {key: key})
DETACH DELETE n
