# about: a JSON object whose keys are there twice, the second with nothing
# status: rejected
def make(it): it.write(it.text().rstrip().removesuffix("}").encode() + b', "cells": []}')
