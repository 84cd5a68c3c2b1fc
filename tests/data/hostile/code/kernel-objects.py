# about: stops and restarts its own kernel
# most: 0
# status: graded | failed | needs_manual
# %% double
try: get_ipython().kernel.do_shutdown(True)
except Exception as error: print(error)
try:
    import asyncio
    loop = asyncio.get_event_loop(); loop.call_soon(loop.stop); loop.close()
except Exception as error: print(error)
