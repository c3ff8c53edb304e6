const MESSAGE = { to: '+91 8563 21412', content: 'Hello from nestjs-laaffic' };

/**
 * Sends one message through the service's own HTTP API, and shows what was asked and answered: a
 * newcomer's first sight of it. For the sandbox only, for it costs nothing there.
 */
export async function showFirstMessage(
  url: string,
  sandboxUrl: string,
  apiKey: string | undefined,
  print: (text: string) => void,
): Promise<void> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
    },
    body: JSON.stringify(MESSAGE),
  });
  const body = (await answer.json()) as { accepted?: { orderId: string }[] };
  const receipt = JSON.stringify(body, null, 2);
  if (answer.status !== 201) throw new Error(`The first message was not accepted: HTTP ${answer.status} ${receipt}`);
  print(`
One message went through the service, to a gateway that checked its signature:

POST ${url}/v1/messages
${JSON.stringify(MESSAGE)}

201 Created
${receipt}

No Laaffic account is set, so a sandbox of this process takes the messages and none is sent for real.
  Where the message is   ${url}/v1/messages/${body.accepted?.[0]?.orderId ?? ''}
  Try it yourself        ${url}/docs
  What the sandbox got   ${new URL('/_sandbox/messages', sandboxUrl).href}
  Stop                   Ctrl+C
`);
}
