MATCH (n:Element)
WHERE any(a IN n.aliases WHERE a IN $aliases)
RETURN n.key AS key, n.whole_key AS whole_key, labels(n) AS labels, n.prov_json AS prov_json,
  n.is_bundle AS is_bundle, n.aliases AS aliases, n.sources AS sources,
  n.observed AS observed
