// Drawing with a finger, a pen or a mouse. A drawing is a list of strokes on a grid of 1000 by 600:
// [colour, x, y, x, y, …] in whole numbers, thinned out so that it travels on a slow line.

const WIDE = 1000;
const HIGH = 600;
const CLOSE = 2.5; // points nearer than this to the line through their neighbours are left out
const LINE = 7;
export const MOST_DRAWING = 30_000; // characters, as the server counts
const COLOURS = ["#1d2724", "#1257b0", "#b3261e", "#1b7a33"];

/** Leave out points that change nothing to be seen (Ramer, Douglas, Peucker). */
export function thinned(points) {
  if (points.length < 3) return points;
  const [ax, ay] = points[0];
  const [bx, by] = points.at(-1);
  const length = Math.hypot(bx - ax, by - ay);
  let far = 0, at = 0;
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = points[i];
    const off = length ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length
      : Math.hypot(x - ax, y - ay);
    if (off > far) [far, at] = [off, i];
  }
  if (far <= CLOSE) return [points[0], points.at(-1)];
  return [...thinned(points.slice(0, at + 1)).slice(0, -1), ...thinned(points.slice(at))];
}

const within = (value, most) => Math.max(0, Math.min(most, Math.round(value)));

function frame(pen, axes) {
  const [left, right, top, bottom] = [110, WIDE - 20, 30, HIGH - 80];
  const [x, y] = [axes.x, axes.y];
  pen.strokeStyle = "#8a9691";
  pen.fillStyle = "#55635e";
  pen.lineWidth = 2;
  pen.font = "38px system-ui, sans-serif";
  pen.strokeRect(left, top, right - left, bottom - top);
  pen.globalAlpha = 0.45;
  for (let i = 1; i < 4; i++) {
    pen.beginPath();
    pen.moveTo(left + ((right - left) * i) / 4, top);
    pen.lineTo(left + ((right - left) * i) / 4, bottom);
    pen.moveTo(left, top + ((bottom - top) * i) / 4);
    pen.lineTo(right, top + ((bottom - top) * i) / 4);
    pen.stroke();
  }
  pen.globalAlpha = 1;
  const number = (value) => String(Math.round(value * 100) / 100);
  pen.textAlign = "center";
  for (let i = 0; i <= 4; i++) {
    const last = i === 4 ? ` ${x[2]}` : "";
    pen.textAlign = i === 4 ? "right" : "center";
    pen.fillText(number(x[0] + ((x[1] - x[0]) * i) / 4) + last,
      i === 4 ? WIDE - 12 : left + ((right - left) * i) / 4, HIGH - 28);
  }
  pen.textAlign = "right";
  for (let i = 0; i <= 4; i++) {
    const value = y[0] + ((y[1] - y[0]) * i) / 4;
    pen.fillText(number(value) + (i === 4 ? ` ${y[2]}` : ""), left - 12,
      bottom - ((bottom - top) * i) / 4 + 13);
  }
}

/** Make a canvas a drawing: {show(strokes), undo(), clear(), strokes}; `changed` after each stroke. */
export function drawing(canvas, { colour, changed }) {
  const pen = canvas.getContext("2d");
  const axes = canvas.dataset.axes ? JSON.parse(canvas.dataset.axes) : null;
  let strokes = [];
  let current = null; // {id, colour, points}

  function stroke([tint, ...numbers]) {
    pen.strokeStyle = COLOURS[tint] ?? COLOURS[0];
    pen.lineWidth = LINE;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(numbers[0], numbers[1]);
    for (let i = 2; i < numbers.length; i += 2) pen.lineTo(numbers[i], numbers[i + 1]);
    if (numbers.length === 2) pen.lineTo(numbers[0], numbers[1] + 0.1); // a dot
    pen.stroke();
  }

  function paint() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, WIDE, HIGH);
    if (axes) frame(pen, axes);
    strokes.forEach(stroke);
    if (current) stroke([current.colour, ...current.points.flat()]);
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    return [within(((event.clientX - box.left) / box.width) * WIDE, WIDE),
      within(((event.clientY - box.top) / box.height) * HIGH, HIGH)];
  }

  // Whoever closes a question switches its controls off.
  const closed = () => canvas.closest(".ct-question")?.querySelector(".ct-undo")?.disabled;

  canvas.addEventListener("pointerdown", (event) => {
    if (current || closed() || (event.pointerType === "mouse" && event.button)) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    current = { id: event.pointerId, colour: colour(), points: [point(event)] };
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (current?.id !== event.pointerId) return;
    const every = event.getCoalescedEvents?.() ?? [];
    for (const one of every.length ? every : [event]) current.points.push(point(one));
    paint();
  });
  const finish = (event) => {
    if (current?.id !== event.pointerId) return;
    const made = [current.colour, ...thinned(current.points).flat()];
    current = null;
    const next = [...strokes, made];
    const fits = JSON.stringify(next).length <= MOST_DRAWING;
    if (fits) strokes = next;
    paint();
    changed(strokes, fits);
  };
  canvas.addEventListener("pointerup", finish);
  canvas.addEventListener("pointercancel", finish);
  paint();

  const set = (next) => { strokes = next; paint(); changed(strokes, true); };
  return {
    get strokes() { return strokes; },
    show(next) { if (!current) { strokes = next; paint(); } },
    undo() { if (strokes.length) set(strokes.slice(0, -1)); },
    clear() { if (strokes.length) set([]); },
  };
}
