// The ipywidgets runtime of a class page; loaded at the first touch.
//
// Rule: all that every page with widgets needs is one file. What loads later imports connect.js, so
// that the bundler sees the same things shared by everything and makes no small parts of them.

export { connect } from "./connect.js";
