MATCH (n:Element)-[r:<types>]->()
WHERE $source IN r.sources
RETURN DISTINCT n.key AS key, n.whole_key AS whole_key
