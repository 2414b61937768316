"""What free words are taken for."""
