# about: result messages that the kernel never sent
# most: 0
# %% words
try:
    kernel = get_ipython().kernel
    for name in ("execute_result", "error", "display_data"):
        kernel.session.send(kernel.iopub_socket, name, {"data": {"text/plain": "2"}, "metadata": {},
                            "execution_count": 1}, kernel.get_parent())
except Exception as error:
    print(error)
def words(text):
    get_ipython().display_pub.publish({"text/plain": "2"}, {})
    return []
