// One question for the board: what the class answered, as it comes, and never who.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const about = read("watch");
const { showQuestions } = await import(about.questions);

function show(state) {
  const questions = state.questions.filter((question) => question.id === about.wanted);
  showQuestions(document.getElementById("questions"), { ...state, questions }, about, false);
}

const line = document.getElementById("line-part");
const events = new EventSource(about.events);
events.onmessage = (message) => {
  line.hidden = true;
  show(JSON.parse(message.data));
};
events.onerror = () => { line.hidden = false; };
show(read("state"));
