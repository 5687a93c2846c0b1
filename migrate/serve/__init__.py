"""The public inquiry service: pages, a JSON API, and what stands between them and the store."""
