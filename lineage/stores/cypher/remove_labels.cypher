UNWIND $keys AS key
MATCH (n:Element {key: key})
REMOVE n:<labels>
