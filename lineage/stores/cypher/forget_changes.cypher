MATCH (c:Changes)
DELETE c
