// A slider of fractions says 8.500000000000002 as soon as it is drawn for 8.5, and a plot is drawn
// anew and sent over the line for it. Here a value is sent when it is another one.

import { FloatLogSliderView, FloatRangeSliderView, FloatSliderView }
  from "@jupyter-widgets/controls/lib/widget_float";

const CLOSE = 1e-9;

for (const View of [FloatSliderView, FloatLogSliderView, FloatRangeSliderView]) {
  const send = View.prototype.handleSliderChanged;
  View.prototype.handleSliderChanged = function sendAnother(values, handle) {
    const clean = values.map((value) => Number(Number(value).toPrecision(12)));
    const base = View === FloatLogSliderView ? this.model.get("base") : 0;
    const now = [].concat(this.model.get("value"));
    const same = clean.length === now.length && clean.every((value, place) => {
      const wanted = base ? base ** value : value;
      return Math.abs(wanted - now[place]) <= CLOSE * Math.max(1, Math.abs(wanted));
    });
    if (!same) send.call(this, clean, handle);
  };
}
