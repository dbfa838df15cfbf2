MATCH (n:Entity)
WHERE n.name = $text
RETURN count(n) AS found
