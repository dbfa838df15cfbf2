UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)<-[a:ASSERTS]-(s:Source)
WHERE s.key = $source
RETURN n.key AS key, n.prov_json AS prov_json, a.digest AS digest, a.record AS record
