UNWIND $rows AS row
CREATE (:Changes {number: row.number, text: row.text})
