WITH datetime($now) AS now
UNWIND $rows AS row
MATCH (s:<subject> {key: row.subject})
MATCH (o:<object> {key: row.object})
CREATE (s)-[r:<type>]->(o)
SET r = row.properties, r.time = datetime(row.time), r.recorded_at = now
