MATCH ()-[r:<type>]->()
WHERE r.key IN $keys
REMOVE r.made
