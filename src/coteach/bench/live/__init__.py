"""Live relays on the same publisher and viewers: coteach's, aiortc's stock relay, and Janus.

Rule: the publisher and the viewers are the same processes of the same code for every side
(`peers`), the picture is encoded once (`picture`), and only the server's process is measured.
"""
