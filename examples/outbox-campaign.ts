import type { SmsCampaigns } from 'nestjs-laaffic-outbox';

export async function springSale(campaigns: SmsCampaigns, numbers: AsyncIterable<string> | Iterable<string>) {
  const { id } = await campaigns.create({
    name: 'Spring sale',
    content: 'Everything at half price until Sunday',
    recipients: numbers, // a list, a generator, a cursor, the lines of a file
    idempotencyKey: 'spring-2027', // after a crash, the same call continues
    duplicates: 'reject',
    sendAt: 'now', // or a Date; without it, campaigns.start(id) starts the campaign
  });
  for await (const { accepted, delivered, total } of campaigns.watch(id)) {
    console.log(`${accepted + delivered} of ${total}`);
  }
  const invalid: string[] = [];
  for await (const { position, reason } of campaigns.listResults(id, { state: 'invalid' })) {
    invalid.push(`${position}: ${reason ?? ''}`);
  }
  return { id, invalid };
}

/** Decides about recipients on hold after a look at the vendor's console, and sends again to rejected ones. */
export async function resolveHeld(campaigns: SmsCampaigns, id: string, sent: ReadonlySet<string | undefined>) {
  const positions: number[] = [];
  for await (const { number, position } of campaigns.listHeld(id)) if (sent.has(number)) positions.push(position);
  const found = await campaigns.resolveHeld(id, 'sent', { actor: 'anna', positions });
  const abandoned = await campaigns.resolveHeld(id, 'abandon', { actor: 'anna' });
  const resent = await campaigns.retryRejected(id, { actor: 'anna' });
  return { found, abandoned, resent };
}
