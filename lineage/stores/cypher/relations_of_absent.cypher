MATCH (n:Absent)
WITH n
MATCH (n)-[r:<types>]->()
WHERE $source IS NULL OR $source IN r.sources
RETURN r.key AS key, r.prov_json AS prov_json, r.sources AS sources
