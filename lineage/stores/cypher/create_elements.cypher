WITH datetime($now) AS now
UNWIND $rows AS row
CREATE (n:<labels>)
SET n = row.properties, n.startTime = datetime(row.start), n.endTime = datetime(row.end),
  n.recorded_at = now
