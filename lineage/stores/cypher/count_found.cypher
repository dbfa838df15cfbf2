MATCH (n:Element)
WHERE n.search CONTAINS $text AND (size($labels) = 0 OR any(l IN labels(n) WHERE l IN $labels))
RETURN count(n) AS found
