UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)<-[a:ASSERTS]-(s:Source)
RETURN collect([n.key, a.digest, s.key]) AS found
