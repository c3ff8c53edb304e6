import type { SmsOutbox } from 'nestjs-laaffic-outbox';

/** A code is of no use after a minute: then it is not sent any more. */
export async function sendCode(outbox: SmsOutbox, number: string, code: string) {
  const { id, receipt } = await outbox.send(
    { to: number, content: `Your code is ${code}` },
    { sendBefore: new Date(Date.now() + 60_000), timeout: 10_000 },
  );
  if (receipt === undefined) return `${id} is not decided yet, and stays in the outbox`;
  const [refused] = receipt.rejected;
  if (refused !== undefined) return `${id} was not sent: ${refused.code}`;
  return receipt.unknown.length > 0 ? `${id} was perhaps sent` : `${id} was accepted`;
}

export async function takeBack(outbox: SmsOutbox, id: string) {
  if (await outbox.cancel(id, 'anna')) return 'never sent';
  const message = await outbox.find(id);
  return message?.recipients.map(({ state }) => state).join() ?? 'there is no such message';
}

/** What the vendor's console shows to a person. */
export interface Console {
  has(number: string | undefined, since: Date | undefined): Promise<boolean>;
}

export async function decide(outbox: SmsOutbox, console: Console) {
  for await (const { messageId, position, number } of outbox.held()) {
    const message = await outbox.find(messageId);
    const decision = (await console.has(number, message?.createdAt)) ? 'sent' : 'abandon';
    await outbox.resolve(messageId, decision, { by: 'anna', positions: [position] });
  }
}
