MATCH (n:Element)
WHERE n.search CONTAINS $text AND (size($labels) = 0 OR any(l IN labels(n) WHERE l IN $labels))
WITH n, toLower(n.name) AS lowered
WITH n, CASE
    WHEN lowered = $text THEN 0
    WHEN lowered STARTS WITH $text THEN 1
    WHEN lowered CONTAINS $text THEN 2
    ELSE 3
  END AS place
ORDER BY place, n.name, n.key
LIMIT $limit
RETURN n.key AS key, n.whole_key AS whole_key, labels(n) AS labels, n.prov_json AS prov_json,
  n.is_bundle AS is_bundle, n.aliases AS aliases, n.sources AS sources,
  n.observed AS observed
