MATCH (e:FileEvent)
RETURN e.key AS key
