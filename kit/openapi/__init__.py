"""OpenAPI 3.1 of an application, and a page to try it."""
