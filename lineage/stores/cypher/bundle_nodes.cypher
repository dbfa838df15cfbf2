MATCH (n:Bundle)
WHERE n.is_bundle = true
RETURN n.key AS key, n.whole_key AS whole_key
