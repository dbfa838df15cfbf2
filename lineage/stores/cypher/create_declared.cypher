WITH datetime($now) AS now
MATCH (s:Source {key: $source})
UNWIND $rows AS row
CREATE (n:<labels>)
SET n = row.properties, n.startTime = datetime(row.start), n.endTime = datetime(row.end),
  n.recorded_at = now
CREATE (s)-[:ASSERTS {digest: row.digest, recorded_at: now}]->(n)
