"""Message traces and message tracking logs: who wrote to whom and when, as the mail system tells it."""
