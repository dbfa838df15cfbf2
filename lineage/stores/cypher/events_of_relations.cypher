MATCH ()-[r:<type>]->()
WHERE r.<property> IN $values
RETURN r.bound AS key, r.statements AS statements
