UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)-[r:<types>]->()
WHERE ($source IS NULL AND r.observed IS NULL) OR $source IN r.sources
RETURN n.key AS subject, r.key AS key, r.prov_json AS prov_json, r.sources AS sources
