"""Each runs a peer beside this project in one process tree and prints the ratio."""
