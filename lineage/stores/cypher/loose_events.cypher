MATCH (e:FileEvent)
WHERE e.<property> IN $values
RETURN e.bound AS key, [e.statement] AS statements
