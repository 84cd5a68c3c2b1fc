# about: tasks that stay in the loop
# base: right
# least: 11
# %% +
import asyncio
async def forever():
    while True: await asyncio.sleep(0)
task = asyncio.ensure_future(forever()) if False else None
await asyncio.sleep(0)
