MATCH (d:Decision)
WHERE d.source = $source
DETACH DELETE d
