"""Pages for those without a client: what a member may see, behind a link that he made, on a phone and on paper."""
