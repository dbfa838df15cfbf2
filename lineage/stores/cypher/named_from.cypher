MATCH (n:Entity)
WHERE n.name STARTS WITH $text
WITH n ORDER BY n.key LIMIT $limit
RETURN n.key AS key, n.whole_key AS whole_key, labels(n) AS labels, n.prov_json AS prov_json,
  n.is_bundle AS is_bundle, n.aliases AS aliases, n.sources AS sources,
  n.observed AS observed
