"""Arrays of numpy and tables of pandas as nodes: numbers as bytes, everything else piece by piece.

An array of objects is a list of nodes. What has no exact form here (sparse columns) is
no data, and the border refers to it.
"""

from __future__ import annotations

import importlib
import re
import sys
from functools import cache
from typing import Any

from coteach.grading.engine.values import Broken, Decoder, Encoder, Maker

_PLAIN = re.compile(r"[<>|=]?(?:[biufc]\d{1,2}|[SU]\d{1,9}|[mM]8(?:\[\d{0,9}[a-zA-Zμ]{1,7}\])?)")


def _numpy() -> Any:
    return importlib.import_module("numpy")


def _pandas() -> Any:
    """Return the library of the code that is run, not one of ours: it may be missing."""
    return importlib.import_module("pandas")


def _is_plain(dtype: Any) -> bool:
    return dtype.fields is None and bool(_PLAIN.fullmatch(dtype.str))


def _array(value: Any, encoder: Encoder) -> Any:
    np = _numpy()
    if value.dtype.hasobject and value.dtype.fields is None:
        return ["np", "o", list(value.shape), *encoder.all(value.ravel().tolist())]
    if value.dtype.fields is not None:
        return _records(value, encoder)
    if not _is_plain(value.dtype):
        return encoder.border.refer(value, encoder)
    fortran = value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous
    data = np.ndarray.tobytes(value, "F" if fortran else "C")
    return ["np", "a", value.dtype.str, list(value.shape), fortran, encoder.blob(data)]


def _records(value: Any, encoder: Encoder) -> Any:
    fields = value.dtype.fields
    if not all(_is_plain(dtype) for dtype, *_more in fields.values()):
        return encoder.border.refer(value, encoder)
    return ["np", "r", list(value.shape),
            *[[name, _array(_numpy().ascontiguousarray(value[name]), encoder)]
              for name in value.dtype.names]]


def _masked(value: Any, encoder: Encoder) -> Any:
    np = _numpy()
    return ["np", "m", _array(value.data, encoder),
            _array(np.ascontiguousarray(np.ma.getmaskarray(value)), encoder)]


def _scalar(value: Any, encoder: Encoder) -> Any:
    if not _is_plain(value.dtype):
        return encoder.border.refer(value, encoder)
    return ["np", "s", value.dtype.str, encoder.blob(value.tobytes())]


def _dtype(value: Any, encoder: Encoder) -> Any:
    if value.hasobject and value.fields is None:
        return ["np", "t", "O"]
    return ["np", "t", value.str] if _is_plain(value) else encoder.border.refer(value, encoder)


def _column(values: Any, encoder: Encoder) -> Any:
    """Return the node of the array of a Series or an Index; None when it has no exact form."""
    pd, np = _pandas(), _numpy()
    dtype = getattr(values.dtype, "numpy_dtype", values.dtype)
    if isinstance(dtype, np.dtype) and not isinstance(
            values.dtype, pd.core.dtypes.dtypes.BaseMaskedDtype):
        return ["n", _array(np.asarray(values), encoder)]
    if isinstance(dtype, pd.StringDtype):
        missing = "nan" if dtype.na_value is not pd.NA else "NA"
        texts = [None if gone else text for text, gone in zip(
            values.astype(object), values.isna(), strict=True)]
        return ["str", dtype.storage, missing, encoder.encode(texts)]
    if isinstance(dtype, pd.CategoricalDtype):
        return ["cat", _array(values.codes, encoder), encoder.encode(dtype.categories),
                bool(dtype.ordered)]
    if isinstance(dtype, pd.DatetimeTZDtype):
        zone = str(dtype.tz)
        return ["tz", dtype.unit, zone, _array(values.asi8, encoder)]
    if isinstance(dtype, pd.PeriodDtype):
        return ["period", values.freqstr, _array(values.asi8, encoder)]
    if isinstance(dtype, pd.IntervalDtype):
        return ["interval", str(values.closed), *encoder.all((values.left, values.right))]
    if isinstance(values.dtype, pd.core.dtypes.dtypes.BaseMaskedDtype):
        return ["mask", values.dtype.name, _array(values._data, encoder),
                _array(values._mask, encoder)]
    return None


def _index(value: Any, encoder: Encoder) -> Any:
    pd = _pandas()
    if type(value) is pd.RangeIndex:
        return ["pd", "range", value.start, value.stop, value.step, encoder.encode(value.name)]
    if type(value) is pd.MultiIndex:
        return ["pd", "multi", encoder.all(value.levels), [_array(_numpy().asarray(c), encoder)
                                                           for c in value.codes],
                encoder.all(value.names)]
    column = _column(value.array, encoder)
    if column is None:
        return encoder.border.refer(value, encoder)
    frequency = getattr(value, "freqstr", None)
    return ["pd", "index", column, encoder.encode(value.name), frequency]


def _series(value: Any, encoder: Encoder) -> Any:
    column = _column(value.array, encoder)
    if column is None:
        return encoder.border.refer(value, encoder)
    return ["pd", "series", column, encoder.encode(value.index), encoder.encode(value.name)]


def _frame(value: Any, encoder: Encoder) -> Any:
    columns = [_column(value.iloc[:, place].array, encoder) for place in range(value.shape[1])]
    if any(column is None for column in columns):
        return encoder.border.refer(value, encoder)
    return ["pd", "frame", encoder.encode(value.columns), encoder.encode(value.index), columns]


def _timestamp(value: Any, encoder: Encoder) -> Any:
    zone = None if value.tz is None else str(value.tz)
    return ["pd", "stamp", int(value._value), value.unit, zone]


@cache
def maker(kind: type) -> Maker | None:
    """Return what makes nodes of an exact type of numpy or pandas."""
    np, pd = sys.modules.get("numpy"), sys.modules.get("pandas")
    if np is not None:
        if kind is np.ndarray:
            return _array
        if kind is np.ma.MaskedArray:
            return _masked
        if issubclass(kind, np.generic) and kind.__module__ == "numpy" and kind is not np.void:
            return _scalar
        if issubclass(kind, np.dtype):
            return _dtype
    if pd is not None:
        exact: dict[type, Maker] = {
            pd.DataFrame: _frame, pd.Series: _series, pd.Index: _index, pd.RangeIndex: _index,
            pd.MultiIndex: _index, pd.DatetimeIndex: _index, pd.TimedeltaIndex: _index,
            pd.CategoricalIndex: _index, pd.PeriodIndex: _index, pd.IntervalIndex: _index,
            pd.Period: lambda v, e: ["pd", "period", v.ordinal, v.freqstr],
            pd.Interval: lambda v, e: ["pd", "interval", *e.all((v.left, v.right)), v.closed],
            pd.Timestamp: _timestamp,
            pd.Timedelta: lambda v, e: ["pd", "delta", int(v._value), v.unit],
            type(pd.NA): lambda v, e: ["pd", "NA"], type(pd.NaT): lambda v, e: ["pd", "NaT"],
            pd.Categorical: lambda v, e: ["pd", "cat", _column(v, e)],
        }
        return exact.get(kind)
    return None


def _shape(node: Any) -> tuple[int, ...]:
    if type(node) is not list or len(node) > 32 or not all(
            type(n) is int and 0 <= n < 2**40 for n in node):
        raise Broken("no shape")
    return tuple(node)


def _type(text: Any) -> Any:
    if type(text) is not str or not _PLAIN.fullmatch(text):
        raise Broken("no plain type of numbers")
    return _numpy().dtype(text)


def _take_array(node: list[Any], decoder: Decoder) -> Any:
    np = _numpy()
    if node[:1] != ["np"]:
        raise Broken("no array")
    if node[1] == "o":
        shape = _shape(node[2])
        values = decoder.all(node[3:])
        made = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):  # as a whole, numpy would look into lists
            made[place] = value
        return made.reshape(shape)
    if node[1] == "r":
        fields = [(str(name), _take_array(array, decoder)) for name, array in node[3:]]
        made = np.empty(_shape(node[2]), dtype=[(name, a.dtype) for name, a in fields])
        for name, array in fields:
            made[name] = array
        return made
    dtype, shape = _type(node[2]), _shape(node[3])
    flat = np.frombuffer(decoder.bytes(node[5]), dtype=dtype) if dtype.itemsize else np.zeros(
        shape, dtype)
    return flat.reshape(shape, order="F" if node[4] else "C").copy(order="K")


def _take_column(node: Any, decoder: Decoder) -> Any:
    pd, np = _pandas(), _numpy()
    if node[0] == "n":
        return _take_array(node[1], decoder)
    if node[0] == "str":
        texts = decoder.decode(node[3])
        dtype = pd.StringDtype(
            node[1], na_value=np.nan if node[2] == "nan" else pd.NA)
        if not all(text is None or type(text) is str for text in texts):
            raise Broken("a column of texts that are none")
        return pd.array(texts, dtype=dtype)
    if node[0] == "cat":
        return pd.Categorical.from_codes(
            _take_array(node[1], decoder),
            dtype=pd.CategoricalDtype(decoder.decode(node[2]), ordered=bool(node[3])))
    if node[0] == "tz":
        numbers = _take_array(node[3], decoder)
        unit = {"s": "s", "ms": "ms", "us": "us", "ns": "ns"}[node[1]]
        return pd.array(numbers.view(f"M8[{unit}]"), dtype=f"M8[{unit}]").tz_localize(
            "UTC").tz_convert(str(node[2]))
    if node[0] == "period":
        return pd.PeriodIndex.from_ordinals(_take_array(node[2], decoder), freq=str(node[1])).array
    if node[0] == "interval":
        return pd.arrays.IntervalArray.from_arrays(*decoder.all(node[2:4]), closed=str(node[1]))
    if node[0] == "mask":
        data, mask = _take_array(node[2], decoder), _take_array(node[3], decoder)
        return type(pd.array([], dtype=str(node[1])))(data, mask)
    raise Broken("no column")


def _take_index(node: list[Any], decoder: Decoder) -> Any:
    pd = _pandas()
    if node[1] == "range":
        return pd.RangeIndex(node[2], node[3], node[4], name=decoder.decode(node[5]))
    if node[1] == "multi":
        return pd.MultiIndex(levels=decoder.all(node[2]), names=decoder.all(node[4]),
                             codes=[_take_array(codes, decoder) for codes in node[3]])
    values = _take_column(node[2], decoder)
    made = pd.Index(values, dtype=values.dtype, name=decoder.decode(node[3]), copy=False)
    if node[4] is not None:
        made.freq = pd.tseries.frequencies.to_offset(str(node[4]))
    return made


def _take_pandas(node: list[Any], decoder: Decoder) -> Any:
    pd, np = _pandas(), _numpy()
    what = node[1]
    if what in ("range", "multi", "index"):
        return _take_index(node, decoder)
    if what == "series":
        values = _take_column(node[2], decoder)
        return pd.Series(values, index=decoder.decode(node[3]), name=decoder.decode(node[4]),
                         dtype=values.dtype, copy=False)
    if what == "frame":
        names, index = decoder.decode(node[2]), decoder.decode(node[3])
        columns = [_take_column(column, decoder) for column in node[4]]
        made = pd.DataFrame({place: pd.Series(values, index=index, dtype=values.dtype, copy=False)
                             for place, values in enumerate(columns)}, index=index)
        made.columns = names
        return made
    if what == "stamp":
        made = pd.Timestamp(np.datetime64(node[2], str(node[3])))
        return made if node[4] is None else made.tz_localize("UTC").tz_convert(str(node[4]))
    if what == "delta":
        return pd.Timedelta(np.timedelta64(node[2], str(node[3])))
    if what == "period":
        return pd.Period(ordinal=node[2], freq=str(node[3]))
    if what == "interval":
        return pd.Interval(*decoder.all(node[2:4]), closed=str(node[4]))
    if what == "cat":
        return _take_column(node[2], decoder)
    if what in ("NA", "NaT"):
        return getattr(pd, what)
    raise Broken("no table")


def take(node: list[Any], decoder: Decoder) -> Any:
    """Return the array or table of a node."""
    if node[0] == "pd":
        return _take_pandas(node, decoder)
    if node[1] == "m":
        return _numpy().ma.MaskedArray(_take_array(node[2], decoder),
                                       mask=_take_array(node[3], decoder))
    if node[1] == "s":
        dtype, data = _type(node[2]), decoder.bytes(node[3])
        return (_numpy().frombuffer(data, dtype=dtype, count=1) if dtype.itemsize
                else _numpy().zeros(1, dtype))[0]
    if node[1] == "t":
        return _numpy().dtype("O") if node[2] == "O" else _type(node[2])
    return _take_array(node, decoder)
