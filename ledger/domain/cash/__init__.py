"""Cash: what the law says to it, what falls due, and whether it will be enough in the weeks ahead. Pure; minor units."""
