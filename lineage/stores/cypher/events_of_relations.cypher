MATCH ()-[r:<type>]->()
WHERE r.<property> IN $values
RETURN r.key AS key, r.statements AS statements
