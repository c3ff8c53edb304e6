import type { SmsCampaigns, SmsOutbox } from 'nestjs-laaffic-outbox';

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

export async function decide(outbox: SmsOutbox, campaigns: SmsCampaigns, console: Console) {
  for await (const { messageId, campaignId, position, number, sentAt } of outbox.listHeld()) {
    const decision = (await console.has(number, sentAt)) ? 'sent' : 'abandon';
    const options = { actor: 'anna', positions: [position] };
    if (messageId !== undefined) await outbox.resolveHeld(messageId, decision, options);
    else if (campaignId !== undefined) await campaigns.resolveHeld(campaignId, decision, options);
  }
}

/** What went wrong since then, for the person on call: each message, and the decisions and pauses. */
export async function review(outbox: SmsOutbox, from: Date) {
  const lines: string[] = [];
  for (let before: string | undefined; ;) {
    const page = await outbox.list({ state: 'rejected', from, before });
    for (const { id, reference, counts, total } of page.messages) {
      lines.push(`${reference ?? id}: ${counts.rejected ?? 0} of ${total} rejected`);
    }
    before = page.before;
    if (before === undefined) break;
  }
  const { entries } = await outbox.listHistory({ from, limit: 100 });
  return [...lines, ...entries.map(({ event, actor }) => `${event} by ${actor}`)];
}

/** A row of the app. */
export interface Appointment {
  readonly id: number;
  readonly phone: string;
  readonly name: string;
  readonly at: Date;
}

/** Reminds any number of people. After a crash, the same call stores the messages that are missing. */
export async function remind(outbox: SmsOutbox, appointments: AsyncIterable<Appointment>) {
  async function* messages() {
    for await (const { id, phone, name, at } of appointments) {
      const content = `Dear ${name}, your appointment is at ${at.toISOString().slice(11, 16)}`;
      yield { to: phone, content, sendBefore: at, reference: String(id), idempotencyKey: `reminder ${id}` };
    }
  }
  const wrong: string[] = [];
  const { added, existing } = await outbox.enqueueMany(messages(), {
    onInvalid: ({ position, issues }) => wrong.push(`${position}: ${issues.map(({ field }) => field).join()}`),
  });
  return { added, existing, wrong };
}
