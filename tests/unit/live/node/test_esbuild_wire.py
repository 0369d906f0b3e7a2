"""The packets of esbuild's service."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sundog.live.node.esbuild_wire import Packet, PacketStream, decode_packet, encode_packet

scalars = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text() | st.binary()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(values, st.integers(0, 2**30), st.booleans())
def test_what_is_written_is_read_again(value, number, is_request):
    packet = Packet(id=number, is_request=is_request, value=value)
    (body,) = PacketStream().feed(encode_packet(packet))

    assert decode_packet(body) == packet


@given(st.lists(st.text(), min_size=1, max_size=5), st.integers(1, 7))
def test_packets_are_found_however_they_are_cut(texts, size):
    data = b"".join(encode_packet(Packet(id=1, is_request=True, value=text)) for text in texts)
    stream = PacketStream()
    bodies = [body for at in range(0, len(data), size) for body in stream.feed(data[at : at + size])]

    assert [decode_packet(body).value for body in bodies] == texts
