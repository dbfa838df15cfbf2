MATCH (n:Element)
WHERE n.observed IS NOT NULL
RETURN n.key AS key, n.whole_key AS whole_key, n.observed AS observed
