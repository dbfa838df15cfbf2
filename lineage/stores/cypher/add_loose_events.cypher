UNWIND $rows AS row
MERGE (e:FileEvent {key: row.key})
ON CREATE SET e += row.properties
