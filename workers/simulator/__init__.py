"""The demo firm: a seeded model of a service company that sends what its tools would send."""
