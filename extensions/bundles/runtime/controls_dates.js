// Pickers of days and times; loaded by pages that have one.
import "./connect.js";
export * from "@jupyter-widgets/controls/lib/widget_date";
export * from "@jupyter-widgets/controls/lib/widget_datetime";
export * from "@jupyter-widgets/controls/lib/widget_time";
