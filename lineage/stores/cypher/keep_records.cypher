UNWIND $rows AS row
MATCH (n:Element {key: row.key})
MATCH (n)<-[a:ASSERTS {digest: row.digest}]-(:Source)
SET a.record = row.record
