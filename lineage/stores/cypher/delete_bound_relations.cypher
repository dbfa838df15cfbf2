MATCH ()-[r:<type>]->()
WHERE r.key IN $keys
DELETE r
