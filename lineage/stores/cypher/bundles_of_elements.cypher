MATCH (n:Element)
WHERE n.bundle IS NOT NULL
RETURN DISTINCT n.bundle AS bundle
