MATCH (n:Namespace) RETURN n.prefix AS prefix, n.iri AS iri
