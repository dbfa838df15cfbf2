MATCH ()-[r:<type>]->()
WHERE r.observed = true
RETURN count(r) AS count
