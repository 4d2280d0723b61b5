"""What was made of what: manifest, ledger, verify, trace and registration. Nothing here needs pandas."""
