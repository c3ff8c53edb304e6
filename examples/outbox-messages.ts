import type { SmsOutbox } from 'nestjs-laaffic-outbox';

/** A code is useless after a minute, so it is not sent later than that. */
export async function sendCode(outbox: SmsOutbox, number: string, code: string) {
  const { id, receipt } = await outbox.send(
    { to: number, content: `Your code is ${code}` },
    { sendBefore: new Date(Date.now() + 60_000), timeoutMs: 10_000 },
  );
  if (receipt === undefined) return `${id} has no outcome yet and stays in the outbox`;
  const [rejected] = receipt.rejected;
  if (rejected !== undefined) return `${id} was not sent: ${rejected.code}`;
  return receipt.unknown.length > 0 ? `${id} may have been sent` : `${id} was accepted`;
}

export async function cancelMessage(outbox: SmsOutbox, id: string) {
  if (await outbox.cancel(id, 'anna')) return 'never sent';
  const message = await outbox.find(id);
  return message?.recipients.map(({ state }) => state).join() ?? 'there is no such message';
}

/** What a person sees in the vendor's console. */
export interface Console {
  has(number: string | undefined, since: Date | undefined): Promise<boolean>;
}

export async function decide(outbox: SmsOutbox, console: Console) {
  for await (const { messageId, position, number } of outbox.listHeld()) {
    const message = await outbox.find(messageId);
    const decision = (await console.has(number, message?.createdAt)) ? 'sent' : 'abandon';
    await outbox.resolveHeld(messageId, decision, { actor: 'anna', positions: [position] });
  }
}
