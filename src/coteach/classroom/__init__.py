"""The classroom: pupils enter by a class code, work on a class page, and their teacher sees it.

One service under `/c/`. A pupil has no account: a pass in a cookie names one class session and one
name card, and opens nothing else.
"""
