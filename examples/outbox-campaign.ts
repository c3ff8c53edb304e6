import type { SmsCampaigns } from 'nestjs-laaffic-outbox';

export async function springSale(campaigns: SmsCampaigns, numbers: AsyncIterable<string> | Iterable<string>) {
  const { id } = await campaigns.create({
    name: 'Spring sale',
    content: 'Everything at half price until Sunday',
    recipients: numbers, // a list, a generator, a cursor, the lines of a file
    idempotencyKey: 'spring-2027', // after a crash the same call goes on where it stood
    duplicates: 'refuse',
    sendAt: 'now', // or a Date; without one it waits for campaigns.start(id)
  });
  for await (const { accepted, delivered, total } of campaigns.watch(id)) {
    console.log(`${accepted + delivered} of ${total}`);
  }
  const invalid: string[] = [];
  for await (const { position, reason } of campaigns.results(id, { state: 'invalid' })) {
    invalid.push(`${position}: ${reason ?? ''}`);
  }
  return { id, invalid };
}

/** After somebody has looked at the vendor's console. */
export async function mend(campaigns: SmsCampaigns, id: string, sent: ReadonlySet<string | undefined>) {
  const positions: number[] = [];
  for await (const { number, position } of campaigns.held(id)) if (sent.has(number)) positions.push(position);
  const found = await campaigns.resolve(id, 'sent', { by: 'anna', positions });
  const abandoned = await campaigns.resolve(id, 'abandon', { by: 'anna' });
  const anew = await campaigns.retryRefused(id, { by: 'anna' });
  return { found, abandoned, anew };
}
