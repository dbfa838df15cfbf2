UNWIND $rows AS row
CREATE (c:Changes {number: row.number, text: row.text})
SET c.retracted = row.retracted
