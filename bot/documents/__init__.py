"""What is given out on paper or as a picture: ledgers, letters, the morning; templates of Typst and their data."""
