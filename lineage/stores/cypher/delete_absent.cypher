MATCH (n:Absent)
WHERE NOT (n)--()
DELETE n
