# about: nbformat 3
# status: rejected
def make(it): it.write(b'{"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [], "metadata": {}}]}')
