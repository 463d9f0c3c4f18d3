"""The mail catcher: takes any mail on loopback, delivers none, and shows it on a page."""
