"""The demo in the browser: its page, what it takes from npm, and a server for it."""
