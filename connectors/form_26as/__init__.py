"""Form 26AS: what customers deducted and paid in for us, by the tax department's own statement."""
