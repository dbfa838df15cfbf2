UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)<-[a:ASSERTS]-(s:Source)
WHERE s.key = $source
DELETE a
