"""One module per pattern; `analyser.findings.registry` lists them."""
