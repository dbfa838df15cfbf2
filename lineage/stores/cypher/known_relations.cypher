MATCH ()-[r:<type>]->()
WHERE r.key IN $keys
RETURN collect([r.key, r.sources]) AS found
