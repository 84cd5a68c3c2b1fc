"""Live practice rooms: people see and hear each other, and what they agree to is recorded.

The only package that knows aiortc. Media passes through encoded; nothing is transcoded.
"""
