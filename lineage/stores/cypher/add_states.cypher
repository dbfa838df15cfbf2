UNWIND $rows AS row
MERGE (s:State {key: row.key})
ON CREATE SET s += row.properties
