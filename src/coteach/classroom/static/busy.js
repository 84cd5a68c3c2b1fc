// A form that is on its way says so on its button, and is sent once.
for (const button of document.querySelectorAll("button[data-busy]")) {
  const words = button.textContent;
  const rest = () => {
    button.textContent = words;
    button.removeAttribute("aria-disabled");
  };
  button.form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled")) event.preventDefault();
    button.textContent = button.dataset.busy;
    button.setAttribute("aria-disabled", "true"); // not disabled: its own value goes with the form
  });
  addEventListener("pageshow", (event) => { if (event.persisted) rest(); });
}
