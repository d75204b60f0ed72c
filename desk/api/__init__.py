"""The REST API below `/api/v1`: everything the desk can do, one file per noun."""
