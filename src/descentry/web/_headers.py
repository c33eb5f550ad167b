"""What every answer tells the browser: run scripts of this server only, show it in no frame, tell nobody."""

from __future__ import annotations

from starlette.types import Message, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def with_headers(send: Send, *, api: bool) -> Send:
    """Adds them to whatever is sent, and to data that it is not to be kept."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", ()))
            names = {name.lower() for name, _ in own}
            extra = [*HEADERS, *([(b"cache-control", b"no-store")] if api else [])]
            message = {**message, "headers": own + [h for h in extra if h[0] not in names]}
        await send(message)

    return sending
