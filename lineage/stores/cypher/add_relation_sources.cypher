UNWIND $rows AS row
MATCH (s:<subject> {key: row.subject})
MATCH (o:<object> {key: row.object})
MATCH (s)-[r:<type>]->(o)
WHERE r.key = row.key
SET r.sources = row.sources
