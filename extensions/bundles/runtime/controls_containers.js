// Accordion, Tab and Stack; loaded by pages that have one.
import "./connect.js";
export * from "@jupyter-widgets/controls/lib/widget_selectioncontainer";
