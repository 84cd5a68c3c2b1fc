// Controls that few pages have.
import "./connect.js";
export * from "@jupyter-widgets/controls/lib/widget_audio";
export * from "@jupyter-widgets/controls/lib/widget_color";
export * from "@jupyter-widgets/controls/lib/widget_controller";
export * from "@jupyter-widgets/controls/lib/widget_tagsinput";
export * from "@jupyter-widgets/controls/lib/widget_upload";
export * from "@jupyter-widgets/controls/lib/widget_video";
