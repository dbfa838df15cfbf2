MATCH (s:State)
WHERE s.<property> IN $values
RETURN s.bound AS key, [s.statement] AS statements
