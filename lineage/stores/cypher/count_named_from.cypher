MATCH (n:Entity)
WHERE n.name STARTS WITH $text
RETURN count(n) AS found
