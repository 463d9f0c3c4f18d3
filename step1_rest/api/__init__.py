"""The API: Eve's resources over the database, and the application's verbs beside them."""
