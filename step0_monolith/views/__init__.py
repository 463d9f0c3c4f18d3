"""The views of the face, which respond at the contract's addresses."""
