MATCH ()-[r:<type>]->()
WHERE $source IN r.sources
RETURN r.key AS key
