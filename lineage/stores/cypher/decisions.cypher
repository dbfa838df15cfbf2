MATCH (d:Decision) RETURN d.line AS line
