"""SDP: hostile offers are refused, answers hold only what the template says."""

import pytest

from openline.errors import VoiceError
from openline.voice.legs import FarLeg
from openline.voice.sdp import build_answer, parse_offer

FINGERPRINT = ":".join(["1A"] * 32)
FAR_FINGERPRINT = ":".join(["2B"] * 32)
OFFER = f"""v=0
o=- 2777490703778039794 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=audio 9 UDP/TLS/RTP/SAVPF 63 111
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 0be2bf83-0a33-4b58-9d3d-7e5ebc0d9e2f.local 51234 typ host
a=ice-ufrag:ahP6
a=ice-pwd:sh+NPQMrSwTswKBUQj8IbxKo
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:- 69ed4cb7-5408-4d16-bf3e-6db3dfc2a23b
a=rtcp-mux
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=ssrc:3764552891 cname:fWwIKvWsMep7JfDh
a=ssrc:3764552891 msid:- 69ed4cb7-5408-4d16-bf3e-6db3dfc2a23b
""".replace("\n", "\r\n")
FAR = FarLeg(generation=4, desk=b"farfarfa", fingerprint=FAR_FINGERPRINT, ssrcs=(17, 18), red=True)


def answer(offer: str = OFFER, far: FarLeg = FAR, *, active: bool = True) -> list[str]:
    text = build_answer(
        parse_offer(offer),
        far,
        address=("127.0.0.1", 22000),
        leg_ufrag="ourname1",
        leg_pwd="p" * 24,
        active=active,
    )
    assert text.endswith("\r\n")
    return text.split("\r\n")


def test_what_is_taken_from_an_offer() -> None:
    offer = parse_offer(OFFER)
    assert offer.fingerprint == FINGERPRINT
    assert (offer.page_ufrag, offer.page_pwd) == ("ahP6", "sh+NPQMrSwTswKBUQj8IbxKo")
    assert (offer.ssrcs, offer.mid, offer.red) == ((3764552891,), "0", True)


def test_a_standing_connection_names_its_generation() -> None:
    assert parse_offer(OFFER).generation == 0
    named = OFFER.replace("t=0 0", "t=0 0\r\na=openline-generation:7")
    assert parse_offer(named).generation == 7


def test_the_answer_is_the_template() -> None:
    lines = answer()
    assert "a=ice-lite" in lines
    assert [line for line in lines if "candidate" in line] == [
        "a=candidate:1 1 udp 2130706431 127.0.0.1 22000 typ host",
        "a=end-of-candidates",
    ]
    assert f"a=fingerprint:sha-256 {FAR_FINGERPRINT}" in lines
    assert "a=setup:passive" in lines
    assert "m=audio 22000 UDP/TLS/RTP/SAVPF 63 111" in lines
    assert "a=fmtp:111 minptime=10;useinbandfec=0;cbr=1" in lines
    assert "a=ssrc:17 cname:far" in lines
    assert not any("extmap" in line or "rtcp-fb" in line for line in lines)
    assert not any("ahP6" in line or "sh+NPQ" in line for line in lines)


def test_the_party_decides_the_dtls_role() -> None:
    assert "a=setup:active" in answer(active=False)


@pytest.mark.parametrize("near", [True, False])
def test_red_only_if_both_speak_it(near: bool) -> None:  # noqa: FBT001 a parameter of the case
    far = FarLeg(**{**{k: getattr(FAR, k) for k in FAR.__slots__}, "red": not near})
    offer = OFFER if near else OFFER.replace("SAVPF 63 111", "SAVPF 111")
    lines = answer(offer, far)
    assert "m=audio 22000 UDP/TLS/RTP/SAVPF 111" in lines
    assert not any("red/48000" in line for line in lines)


def test_an_ipv6_post() -> None:
    text = build_answer(
        parse_offer(OFFER), FAR, address=("::1", 1), leg_ufrag="a", leg_pwd="b", active=True
    )
    assert "c=IN IP6 ::1" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("SAVPF 63 111", "SAVPF 63"),
        ("m=audio 9", "m=video 9"),
        ("m=audio 9", "m=audio 999999"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 PCMU/8000"),
        ("a=ice-ufrag:ahP6\r\n", ""),
        ("a=ice-ufrag:ahP6", "a=ice-ufrag:a b"),
        ("a=ice-ufrag:ahP6", "a=ice-ufrag:ahP6\r\na=ice-ufrag:ahP7"),
        ("sh+NPQMrSwTswKBUQj8IbxKo", "short"),
        ("a=fingerprint:sha-256 1A", "a=fingerprint:sha-256 ZZ"),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1"),
        ("a=setup:actpass", "a=setup:active"),
        ("a=rtcp-mux\r\n", ""),
        ("a=sendrecv", "a=recvonly"),
        ("a=mid:0", "a=mid:" + "9" * 17),
        ("a=ssrc:3764552891 cname", "a=ssrc:99999999999 cname"),
        ("a=ssrc:3764552891 cname", "a=ssrc:4294967296 cname"),
        ("s=-", "s=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111"),
        ("s=-", "s=\x00"),
        ("s=-", "s=\u4e2d"),
        ("s=-", "no line"),
        ("s=-", "s=-\r\na=openline-generation:-1"),
        ("s=-", "s=-\r\na=openline-generation:4294967296"),
        ("s=-", "s=" + "x" * 2000),
        ("s=-", "\r\n".join(["a=x"] * 400)),
        ("a=mid:0", "a=mid:0\ra=mid:1"),
    ],
)
def test_an_offer_that_is_refused(old: str, new: str) -> None:
    assert old in OFFER
    with pytest.raises(VoiceError, match=r"voice\.sdp"):
        parse_offer(OFFER.replace(old, new))


def test_an_endless_offer_is_refused_before_it_is_read() -> None:
    with pytest.raises(VoiceError, match=r"voice\.sdp"):
        parse_offer("a=" * 20_000)


def test_an_offer_without_a_source_or_with_too_many_is_refused() -> None:
    none = "\r\n".join(line for line in OFFER.split("\r\n") if "ssrc:" not in line)
    many = OFFER + "".join(f"a=ssrc:{i} cname:x\r\n" for i in range(5))
    for offer in (none, many):
        with pytest.raises(VoiceError, match=r"voice\.sdp"):
            parse_offer(offer)
