UNWIND $keys AS key
MATCH (e:FileEvent {key: key})
DELETE e
