"""What the sources that read a mail service share: requests within limits, folders, batches, many mailboxes at once."""
