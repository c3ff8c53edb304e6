import type { SmsInbox, SmsOptOuts } from 'nestjs-laaffic-outbox';

/** A person decides what unclear replies mean. */
export async function reviewReplies(inbox: SmsInbox, wantsNoMessages: (content?: string) => Promise<boolean>) {
  for (const { id, content } of await inbox.list({ type: 'unclear' })) {
    if (await wantsNoMessages(content)) await inbox.review(id, 'opt-out', { actor: 'alice' });
  }
}

/** Opt-outs of other channels. */
export async function addOptOuts(optOuts: SmsOptOuts, numbers: Iterable<string>) {
  await optOuts.add('+44 7400 123456', { reason: 'asked by phone', actor: 'alice' });
  const { added, known, invalid } = await optOuts.import(numbers, { actor: 'alice' });
  await optOuts.end('+44 7400 123457', { consent: 'form 7', actor: 'alice' });
  return { added, known, invalid };
}
