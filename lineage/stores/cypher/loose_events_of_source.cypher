MATCH (e:FileEvent)
WHERE e.statement STARTS WITH $prefix
RETURN e.key AS event, e.bound AS key, [e.statement] AS statements
