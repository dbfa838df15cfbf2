UNWIND $rows AS row
MERGE (n:Namespace {key: row.key})
ON CREATE SET n.prefix = row.prefix, n.iri = row.iri
