// one by one, as the embedded engine looks relations up by its index only for IN
UNWIND $rows AS row
MATCH (s:Element {key: row.subject})
MATCH (o:Element {key: row.object})
WITH row, s, o
MATCH (s)-[r:<type>]->(o)
WHERE r.key = row.properties.key
SET r = row.properties, r.time = datetime(row.time), r.recorded_at = datetime(row.recorded_at)
