MATCH (s)-[r:<type>]->(o)
WHERE r.key IN $keys
RETURN r.key AS key, s.key AS subject, o.key AS object, r.prov_json AS prov_json,
  r.sources AS sources, r.statements AS statements, r.made AS made,
  r.says AS says, r.declared_by AS declared_by, toString(r.recorded_at) AS recorded_at
