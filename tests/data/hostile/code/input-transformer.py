# about: each cell after this one becomes an empty one
# most: 0
# %% double
ip = get_ipython()
ip.input_transformers_cleanup.append(lambda lines: [])
ip.input_transformers_post.append(lambda lines: [])
ip.input_transformer_manager.line_transforms[:] = [lambda lines: ["2\n"]]
