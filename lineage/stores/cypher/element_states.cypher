UNWIND $keys AS key
MATCH (n:Element {key: key})
RETURN n.key AS key, n.prov_json AS prov_json, n.resolved AS resolved, n.aliases AS aliases,
  n.observed AS observed, toString(n.recorded_at) AS recorded_at
