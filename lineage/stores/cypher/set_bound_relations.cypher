UNWIND $rows AS row
MATCH (s:Element {key: row.subject})
MATCH (o:Element {key: row.object})
MATCH (s)-[r:<type>]->(o)
WHERE r.key = row.properties.key
SET r = row.properties, r.time = datetime(row.time), r.recorded_at = datetime(row.recorded_at)
