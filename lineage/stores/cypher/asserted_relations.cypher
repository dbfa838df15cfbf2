MATCH ()-[r:<type>]->()
WHERE r.key IN $keys AND $source IN r.sources
RETURN r.key AS key, r.prov_json AS prov_json, r.sources AS sources, r.made AS made
