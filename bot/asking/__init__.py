"""Free words in English, Hindi and Hinglish: what is asked, of whom, how much and when; a table of phrases, no guesses."""
