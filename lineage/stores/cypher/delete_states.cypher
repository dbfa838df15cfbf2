MATCH (s:State)
WHERE s.bound IN $keys
DELETE s
