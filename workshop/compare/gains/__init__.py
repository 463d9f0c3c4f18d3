"""What a step buys: what happens when something hangs, dies, grows or is changed."""
