MATCH (n:Absent)
WITH n
MATCH (n)-[r:<types>]->(:Absent)
WHERE r.in_bundle IS NOT NULL
RETURN DISTINCT r.in_bundle AS bundle
