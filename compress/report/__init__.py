"""What a run found, for people: the record, the table and the page."""
