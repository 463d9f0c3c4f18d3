"""What a number of readers needs, worked out from the comparison's figures."""
