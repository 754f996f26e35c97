"""Prometheus' remote write messages as protobuf knows them, from a descriptor made here.

Source: prompb/remote.proto and prompb/types.proto of Prometheus 2.42, as far as remote write 1.0 needs them. `presence`
makes the two fields of a sample `optional`: a sender may write a 0 out or leave it away, and ours writes it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto
PACKAGE = "prometheus"


@cache
def write_request(*, presence: bool = True) -> Any:
    """The class of WriteRequest."""
    file = descriptor_pb2.FileDescriptorProto(name="remote.proto", package=PACKAGE, syntax="proto3")
    label = file.message_type.add(name="Label")
    label.field.add(name="name", number=1, type=FIELD.TYPE_STRING, label=FIELD.LABEL_OPTIONAL)
    label.field.add(name="value", number=2, type=FIELD.TYPE_STRING, label=FIELD.LABEL_OPTIONAL)
    sample = file.message_type.add(name="Sample")
    for number, (name, scalar) in enumerate([("value", FIELD.TYPE_DOUBLE), ("timestamp", FIELD.TYPE_INT64)]):
        field = sample.field.add(name=name, number=number + 1, type=scalar, label=FIELD.LABEL_OPTIONAL)
        if presence:
            sample.oneof_decl.add(name=f"_{name}")
            field.proto3_optional, field.oneof_index = True, number
    series = file.message_type.add(name="TimeSeries")
    for number, (name, kind) in enumerate([("labels", "Label"), ("samples", "Sample")]):
        series.field.add(
            name=name, number=number + 1, type=FIELD.TYPE_MESSAGE, type_name=f".{PACKAGE}.{kind}",
            label=FIELD.LABEL_REPEATED,
        )  # fmt: skip
    request = file.message_type.add(name="WriteRequest")
    request.field.add(
        name="timeseries", number=1, type=FIELD.TYPE_MESSAGE, type_name=f".{PACKAGE}.TimeSeries",
        label=FIELD.LABEL_REPEATED,
    )  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.WriteRequest"))


def read(body: bytes) -> list[tuple[dict[str, str], list[tuple[int, float]]]]:
    """A posted body: labels, and times (ms) with values, of each series."""
    request = write_request().FromString(bytes(cramjam.snappy.decompress_raw(body)))
    return [
        ({each.name: each.value for each in series.labels}, [(each.timestamp, each.value) for each in series.samples])
        for series in request.timeseries
    ]
