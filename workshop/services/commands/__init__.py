"""The commands that change or show the services of a running step: `./stones scale` and so on."""
