UNWIND $keys AS key
MATCH (e:FileEvent {key: key})
RETURN e.bound AS key, [e.statement] AS statements
