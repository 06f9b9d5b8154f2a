"""The ORM models, one module an area, in the shape that `sql/` gives the tables; import the areas you read."""
