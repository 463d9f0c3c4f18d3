"""Pictures of posts, fetched from their sites and kept."""
