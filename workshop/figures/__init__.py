"""The comparison's figures by name, for texts and slides: so that no text keeps a figure of an old run."""
