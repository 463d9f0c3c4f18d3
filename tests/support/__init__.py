"""What tests share: a running step, clients, posts to load, a site with pictures, and more."""
