UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)<-[a:ASSERTS]-(s:Source)
RETURN n.key AS key, s.key AS source, a.digest AS digest, a.record AS record
