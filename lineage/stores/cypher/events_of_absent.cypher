MATCH (n:Absent)
WITH n
MATCH (n)-[r:<types>]->()
WHERE r.statements IS NOT NULL
RETURN r.key AS key, r.statements AS statements
