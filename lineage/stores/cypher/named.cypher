MATCH (n:Element)
WHERE n.search CONTAINS $lowered AND (n.id = $cut OR n.name = $cut
  OR any(a IN n.aliases WHERE a = $reference)
  OR any(p IN n.paths WHERE p = $reference OR p ENDS WITH $suffix))
RETURN n.key AS key, n.whole_key AS whole_key, labels(n) AS labels, n.prov_json AS prov_json,
  n.is_bundle AS is_bundle, n.aliases AS aliases, n.sources AS sources,
  n.observed AS observed
