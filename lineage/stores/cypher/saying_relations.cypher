MATCH ()-[r:<type>]->()
WHERE r.says IN $keys
RETURN r.key AS key, r.says AS says, r.sources AS sources, r.declared_by AS declared_by
