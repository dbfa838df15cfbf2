UNWIND $keys AS key
MATCH (n:Element {key: key})
RETURN n.key AS key, labels(n) AS labels, n.is_bundle AS is_bundle, n.declared AS declared
