UNWIND $rows AS row
MATCH (n:Element {key: row.key})
WITH row, n
MATCH (n)<-[a:ASSERTS {digest: row.digest}]-(:Source)
SET a.record = row.record
