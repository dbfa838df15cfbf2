// one row of many lists: a row of its own for each costs the driver more than the engine's work
UNWIND $keys AS key
MATCH (n:Element {key: key})
RETURN collect([n.key, labels(n), n.is_bundle, n.declared]) AS found
