MATCH (e:FileEvent)
WHERE e.statement STARTS WITH $prefix
RETURN e.key AS key
