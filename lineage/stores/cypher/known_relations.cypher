UNWIND $rows AS row
MATCH (s:<subject> {key: row.subject})
MATCH (o:<object> {key: row.object})
MATCH (s)-[r:<type>]->(o)
WHERE r.key = row.key
RETURN r.key AS key, r.sources AS sources
