"""What the black-box suites need: a running step, clients, posts to load and a site with pictures."""
