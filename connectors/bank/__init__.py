"""Indian bank statement files: any layout whose columns are named, proven by its running balance."""
