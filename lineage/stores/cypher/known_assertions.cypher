UNWIND $keys AS key
MATCH (n:Element {key: key})
MATCH (n)<-[a:ASSERTS]-(s:Source)
RETURN n.key AS key, s.key AS source, a.digest AS digest
