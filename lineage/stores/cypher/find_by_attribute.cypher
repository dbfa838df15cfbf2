MATCH (n:Element)
WHERE (n.search CONTAINS $text
    OR (any(name IN $names WHERE n.prov_json CONTAINS name)
      AND toLower(n.prov_json) CONTAINS $value))
  AND (size($labels) = 0 OR any(l IN labels(n) WHERE l IN $labels))
RETURN n.key AS key, n.whole_key AS whole_key, labels(n) AS labels, n.prov_json AS prov_json,
  n.is_bundle AS is_bundle, n.aliases AS aliases, n.sources AS sources,
  n.observed AS observed
