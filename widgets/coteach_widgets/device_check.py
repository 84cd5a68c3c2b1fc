"""`DeviceCheck`: do camera, light, microphone and line do for teaching?"""

from __future__ import annotations

import traitlets

from coteach_widgets._base import CoteachWidget, script, style


class DeviceCheck(CoteachWidget):
    """A check that names the cause and one action for each failure.

    Parameters
    ----------
    module
        The course module it belongs to; the result is stored with it.

    Attributes
    ----------
    result
        After a check: ``overall`` (``good``, ``weak``, ``bad``) and ``parts``.
    """

    _esm = script("device_check")
    _css = style("device_check")
    module = traitlets.Unicode("").tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
