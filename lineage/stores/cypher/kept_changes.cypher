MATCH (c:Changes)
RETURN c.number AS number, c.text AS text, c.retracted AS retracted
