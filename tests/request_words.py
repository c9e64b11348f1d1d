"""Words that no honest request holds, by where they are put in place of an honest one."""

STRANGE = (
    "é" * 43, "+" * 43 + "=", "A" * 43 + "=", "dw1-" + "a" * 26,
    "9" * 400 + ".0.0",
    None, True, -1, 0, 2**63, 2**70, -(2**64), 1.5, 1e308, "", "\0", "x" * 300, "\ud800",
    "\u202e", "٣", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
    [], {}, [[]], {"a": {}}, [None] * 300, "../../etc/passwd", "' OR 1=1 --", "{{7*7}}", "<b>",
)  # fmt: skip

WORDS = (
    "", "%00", "%ff%fe", "%C3%28", "%ED%A0%80", "%u0041", "%", "..", "../../etc/passwd",
    "%2e%2e/", "..%5c..%5c", "%2f", "//evil.example", "a" * 6000, "9" * 5000, "-1", "0", "1e9",
    "٣", "\u202e", "é", "%0d%0aX:1", "%252e", ";", "?", "#", "*", "{number}", "2026-0001",
    "2026-9999", "null", "2026-11-20T09:00", "9999-12-31T23:59", "0001-01-01T00:00", "on",
    "%F0%9F%92%A9", "[", "http://",
)  # fmt: skip

VALUES = (
    "", " ", ",", ";", "=", '"', "\\", "a" * 9000, "a" * 70_000, "\x7f", "\t", "é", "\x80", "0",
    "-1", "1" * 400, "[", "[::1", "]:", "a:b:c", ":99999", "evil.example", "%00", "*/*;q=9e999",
    ";q=x,;", "nl;q=-1,da;q=nan", "application/openmetrics-text; version=9; q=1e400",
    "bytes=0-,5-1,-9", "Thu, 99 Xxx 2026", '"' * 50, "Bearer", "Bearer dwapi-" + "x" * 200,
    "Basic Og==", "multipart/form-data", "multipart/form-data; boundary=",
    "text/plain; charset=utf-7", "gzip", "sig1=:AAAA:", "sig1=()", "null",
)  # fmt: skip

NAMES = (
    "Host", "Cookie", "Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Origin",
    "Content-Type", "Content-Encoding", "Content-Digest", "Signature", "Signature-Input", "Range",
    "If-Modified-Since", "If-None-Match", "X-Forwarded-For", "Forwarded", "Expect", "Upgrade",
    "Connection", "Transfer-Encoding", "Content-Length", "TE", "Referer", "Date", "X-HTTP-Method",
)  # fmt: skip

METHODS = (
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PRI", "get",
    "X" * 300, "M-SEARCH", "*",
)  # fmt: skip

NOT_JSON = (
    b"", b"null", b"[]", b"{}", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"{'a':1}", b"NaN",
    b"1e999", b'{"device":"\xff\xfe"}', b'{"device":"\\ud800"}', b'{"device":"\\u0000"}',
    b'{"a":1,"a":2}', b"\x86\xa6device\xc4\x04\x00\x00\x00\x00\xa7records\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    b"\x1f\x8b\x08\x00" + b"\0" * 60,
    b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--",
)  # fmt: skip

LENGTHS = (
    b"Content-Length: -1", b"Content-Length: 1e3", b"Content-Length: 0x10", b"Content-Length: +5",
    b"Content-Length: 99999999999999999999", b"Content-Length: 5, 5", b"Content-Length: 2000000",
    b"Content-Length: 0", b"Content-Length:", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: identity", b"Expect: 100-continue",
)  # fmt: skip

MOMENTS = (
    "0", "9" * 10, "9" * 12, "9" * 30, "-1", "1e9", "", "1.5", "0x10", "\u0661",
)  # fmt: skip
