MATCH (n:Element)
UNWIND n.declared AS kind
RETURN kind, count(*) AS count
