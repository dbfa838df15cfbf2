UNWIND $keys AS key
MATCH (n:Element {key: key})
SET n:<labels>
