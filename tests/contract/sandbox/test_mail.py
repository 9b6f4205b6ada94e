"""The mail sink: what a real SMTP client sends is what is read."""

from email.message import EmailMessage

import aiosmtplib

from support.sandbox import RunningSandbox


def _mail(to: str, subject: str, message_id: str, html: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Everopen Store <orders@store.example>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message["X-Order"] = "ord_sg1_x"
    message.set_content("Thank you — Grüße.\n.\nA line with one dot.\n")
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


async def _send(sandbox: RunningSandbox, message: EmailMessage) -> None:
    await aiosmtplib.send(message, hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False)


async def test_a_message_is_kept_as_it_was_sent(sandbox: RunningSandbox, order_id: str) -> None:
    to, message_id = f"{order_id}@example.com", f"<{order_id}@store.example>"
    subject = f"Bestätigung {order_id}"
    await _send(sandbox, _mail(to, subject, message_id, "<p>Danke</p>"))
    [message] = (await sandbox.get("/mail/messages.json", to=to.upper()))["messages"]
    assert message["to"] == [to]
    assert message["sender"] == "orders@store.example"
    assert (message["subject"], message["message_id"]) == (subject, message_id)
    assert ["X-Order", "ord_sg1_x"] in message["headers"]
    assert message["text"] == "Thank you — Grüße.\n.\nA line with one dot.\n"
    assert message["html"] == "<p>Danke</p>\n"
    assert (await sandbox.get("/mail/messages.json", message_id=message_id))["messages"] == [message]


async def test_a_repetition_is_witnessed(sandbox: RunningSandbox, order_id: str) -> None:
    message = _mail(f"{order_id}@example.com", "Again", f"<{order_id}@store.example>")
    await _send(sandbox, message)
    await _send(sandbox, message)
    found = (await sandbox.get("/mail/messages.json", message_id=f"<{order_id}@store.example>"))["messages"]
    assert len(found) == 2


async def test_pages(sandbox: RunningSandbox, order_id: str) -> None:
    to = f"{order_id}@example.com"
    for number in range(5):
        await _send(sandbox, _mail(to, f"Number {number}", f"<{order_id}.{number}@store.example>"))
    subjects: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await sandbox.get("/mail/messages.json", to=to, limit=2, **cursor)
        subjects += [message["subject"] for message in page["messages"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert subjects == [f"Number {number}" for number in (4, 3, 2, 1, 0)]


async def test_nothing_of_a_message_runs_on_the_page(sandbox: RunningSandbox, order_id: str) -> None:
    to = f"{order_id}@example.com"
    nasty = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    await _send(sandbox, _mail(to, "<b>bold</b>", f"<{order_id}@store.example>", nasty))
    [message] = (await sandbox.get("/mail/messages.json", to=to))["messages"]
    for path in (f"/mail?to={to}", f"/mail/messages/{message['number']}"):
        async with sandbox.http.get(path) as response:
            assert response.status == 200
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            page = await response.text()
        assert "&lt;b&gt;bold&lt;/b&gt;" in page
        assert "<script" not in page
        assert "<img" not in page
    assert '<iframe title="The message as a page" sandbox=""' in page
    async with sandbox.http.get(f"/mail/messages/{message['number']}/source") as response:
        assert response.content_type == "text/plain"
        assert "onerror" in await response.text()
    async with sandbox.http.get("/mail/messages/999999999") as response:
        assert response.status == 404


async def test_mangled_messages_are_kept_and_shown(sandbox: RunningSandbox, order_id: str) -> None:
    """A witness must not fall over what it sees."""
    to = f"{order_id}@example.com"
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False)
    async with client:
        for source in (
            b"",
            b"no headers at all",
            b"Subject: \xff\xfe\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\r\n",
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno parts\r\n",
            b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n",
            b"Message-ID: <>\r\nFrom: @@@\r\nDate: never\r\n\r\nx\r\n",
        ):
            await client.sendmail("", [to], source)
    messages = (await sandbox.get("/mail/messages.json", to=to))["messages"]
    assert len(messages) == 6
    for message in messages:
        async with sandbox.http.get(f"/mail/messages/{message['number']}") as response:
            assert response.status == 200


async def test_size_is_announced_and_kept_to(sandbox: RunningSandbox, order_id: str) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False)
    async with client:
        await client.ehlo()
        limit = int(client.esmtp_extensions["size"])
        answer = await client.execute_command(b"MAIL", b"FROM:<a@b.example>", f"SIZE={limit + 1}".encode())
        assert answer.code == 552
        answer = await client.execute_command(b"MAIL", b"FROM:<a@b.example>", f"SIZE={limit}".encode())
        assert answer.code == 250
