MATCH (d:Decision)
WHERE d.key IN $keys
DETACH DELETE d
