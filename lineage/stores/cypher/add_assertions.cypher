WITH datetime($now) AS now
MATCH (s:Source {key: $source})
UNWIND $rows AS row
MATCH (n:Element {key: row.key})
CREATE (s)-[a:ASSERTS {digest: row.digest, recorded_at: now}]->(n)
SET a.record = row.record
