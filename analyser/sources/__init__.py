"""Sources: where metadata is read. They read and account; they write nothing."""
