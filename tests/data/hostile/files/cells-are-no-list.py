# about: cells that are a dict, a number, null
# status: rejected
def make(it): it.write(b'{"cells": {"0": {"cell_type": "code"}}, "metadata": null, "nbformat": 4, "nbformat_minor": 5}')
