"""The web application; it imports `analyser`, and nothing imports it."""
