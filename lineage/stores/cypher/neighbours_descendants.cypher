UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)<-[r:<types>]-(:Element)
RETURN r.key AS key, r.prov_json AS prov_json, r.sources AS sources
