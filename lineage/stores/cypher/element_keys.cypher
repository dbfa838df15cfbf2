MATCH (n:Element)
RETURN n.key AS key, n.whole_key AS whole_key, n.is_bundle AS is_bundle
