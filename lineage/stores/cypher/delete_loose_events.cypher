MATCH (e:FileEvent)
WHERE e.bound IN $keys
DELETE e
