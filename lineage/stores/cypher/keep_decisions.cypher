UNWIND $rows AS row
MERGE (d:Decision {key: row.key})
SET d += row.properties, d.at = datetime(row.at)
