MATCH ()-[r:<type>]->()
WHERE r.key IN $keys
SET r.sources = $sources, r.declared_by = $declared_by
