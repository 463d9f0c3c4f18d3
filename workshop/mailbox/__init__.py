"""The mail catcher: accepts any mail on loopback, delivers none, and shows it on a page."""
