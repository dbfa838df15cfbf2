MATCH (n:Namespace)
DELETE n
