UNWIND $keys AS key
MATCH (n:Element {key: key})
WITH n
MATCH (n)-[r:<types>]->()
WHERE r.statements IS NOT NULL
RETURN r.key AS key, r.statements AS statements
