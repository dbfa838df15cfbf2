MATCH ()-[r:<type>]->()
WHERE r.bound IN $keys
DELETE r
