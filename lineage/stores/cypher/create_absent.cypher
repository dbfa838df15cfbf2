UNWIND $rows AS row
MERGE (:Absent {key: row.key})
