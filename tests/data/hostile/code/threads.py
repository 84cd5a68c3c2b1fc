# about: right, and leaves threads that go on writing
# base: right
# least: 11
# %% double
def double(n): return 2 * n
import threading, time
def noise():
    while True: print("noise", flush=True); time.sleep(0.01)
for _ in range(3): threading.Thread(target=noise, daemon=True).start()
threading.Thread(target=time.sleep, args=(9999,)).start()
