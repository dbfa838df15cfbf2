UNWIND $rows AS row
MATCH (n:Element {key: row.properties.key})
SET n = row.properties, n.startTime = datetime(row.start), n.endTime = datetime(row.end),
  n.recorded_at = datetime(row.recorded_at)
