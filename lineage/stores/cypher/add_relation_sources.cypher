MATCH ()-[r:<type>]->()
WHERE r.key IN $keys
SET r.sources = $sources
